"""``vidgen-bench estimate``: the cost of a whole run, from a short probe or from records of earlier runs."""
