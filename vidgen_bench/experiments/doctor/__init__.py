"""``vidgen-bench doctor``: what may keep runs from working here, and what to do about it."""
