"""Leaderboards: rows, ranks and tables, derived only from records."""
