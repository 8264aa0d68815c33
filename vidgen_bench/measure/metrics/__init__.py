"""Metrics: pure float64 functions of feature arrays or of their moments."""
