"""First-party temporal generators, one system a package."""
