"""What users write: specs, budgets, and the TOML files of tracks, protocols and suites."""
