"""The trainer: players in order under a budget, evaluated, checkpointed, resumable to the same numbers."""
