"""What a request means where it names nothing; imports nothing, so that ``--help`` is quick."""

DEFAULT_TRACK = "shapes-smoke"
"""The track of a run, a suite or an evaluation that names none: built-in videos, minutes on two CPU cores."""
