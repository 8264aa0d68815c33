"""``vidgen-bench runs``: the run folders, listed, described, compared, drawn and removed."""
