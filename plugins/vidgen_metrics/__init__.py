"""Metrics that read the pixels of clips, each a plugin of its own."""
