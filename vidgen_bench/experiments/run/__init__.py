"""Executes one run: plan, folder, execution, record."""
