"""The statistics of a table: intervals, tests, ranks and power, as pure functions on scores of seeds."""
