"""Statistics of the real clips, computed once per data set, instrument and preprocessing, and cached."""
