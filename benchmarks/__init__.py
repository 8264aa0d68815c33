"""Speed benchmarks: ``python -m benchmarks [NAME ...]``. Every ratio compares alternatives timed in turn within one run."""
