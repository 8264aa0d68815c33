"""Metrics: pure float64 functions of feature arrays, and the moments that some of them compare."""
