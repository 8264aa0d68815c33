"""Clips made by other programs: a folder of videos or an array file, read lazily, checked, and fitted to the shape of a track."""
