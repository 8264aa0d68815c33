"""Defaults of the command line. This module imports nothing, to keep ``--help`` fast."""

DEFAULT_TRACK = "shapes-smoke"
"""The track unless another is given: built-in videos, minutes on two CPU cores."""

MOST_THREADS = 1024
"""The most CPU threads or processes of a command: OpenMP crashes where the system refuses to start more."""
