"""Plugins that keep the contract in ways that a check could mistake."""
