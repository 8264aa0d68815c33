"""First-party pairings: defaults that hold for one pair only."""
