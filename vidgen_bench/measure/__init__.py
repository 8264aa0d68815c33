"""Scores clips: an instrument extracts features, and metrics score them under a protocol."""
