"""The trainer: runs the players in order under a budget, evaluates, writes checkpoints, and resumes to identical results."""
