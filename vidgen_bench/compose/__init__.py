"""A spec, a track and the installed plugins become a game that can be built, or a reason why not."""
