"""Records: the results of a run in one JSON file, validated on writing and on reading."""
