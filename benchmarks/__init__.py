"""Speed, measured: ``python -m benchmarks [NAME ...]``. Every figure is a ratio of two things timed in turn within one run."""
