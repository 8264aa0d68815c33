"""Clips that were made elsewhere: a folder of videos, or an array; read lazily, checked, and brought to the shape of a track."""
