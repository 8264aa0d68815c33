"""Submitting: records of finished runs are checked against their run folders and copied to ``leaderboards/``."""
