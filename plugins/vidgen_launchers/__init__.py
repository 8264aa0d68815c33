"""First-party launchers: where the runs of a suite are started."""
