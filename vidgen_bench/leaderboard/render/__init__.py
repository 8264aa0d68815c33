"""A ranking as text: terminal table, markdown, CSV and JSON."""
