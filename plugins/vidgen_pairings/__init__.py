"""First-party pairings: defaults that belong to neither side of a pair."""
