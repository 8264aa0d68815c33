"""Scores a finished run under another protocol, or external clips."""
