"""What a person writes down: specs, budgets, and the TOML files of tracks, protocols and suites."""
