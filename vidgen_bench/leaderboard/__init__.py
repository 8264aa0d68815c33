"""Leaderboards: rows, ranks and tables, derived from records and from nothing else."""
