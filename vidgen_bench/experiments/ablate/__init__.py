"""Suites at work: the runs that the cells of a table come down to, and what each cell then shows."""
