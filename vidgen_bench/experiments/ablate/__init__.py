"""Run a suite: the distinct runs behind the cells of its table, and the table of their results."""
