"""Instruments: measuring networks with their weights, layer names and preprocessing."""
