"""Leaderboards for a terminal, as Markdown, as CSV and as JSON."""
