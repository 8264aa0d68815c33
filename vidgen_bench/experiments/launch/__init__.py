"""Run commands through a launcher: the jobs, what happens when one ends, and what they are doing."""
