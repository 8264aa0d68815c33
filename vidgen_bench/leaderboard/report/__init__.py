"""The report: what a table supports and what it does not, in plain words, as Markdown."""
