"""Clips become numbers: an instrument extracts features, metrics score them under a protocol."""
