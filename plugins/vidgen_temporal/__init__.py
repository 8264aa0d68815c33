"""First-party temporal generators, one package per system."""
