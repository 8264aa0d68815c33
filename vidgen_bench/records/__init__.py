"""What a run writes down: a record is one JSON file, validated when it is written and when it is read."""
