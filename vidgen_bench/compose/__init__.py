"""Composes a spec, a track and the installed plugins into a game that can be built, or refuses with the reason."""
