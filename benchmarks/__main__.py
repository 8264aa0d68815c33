"""``python -m benchmarks``: run all benchmarks, or the named ones."""

from __future__ import annotations

import importlib
import sys

NAMES = ("integration", "solvers", "images", "frechet", "instrument", "evaluation", "training", "leaderboard")

for name in sys.argv[1:] or NAMES:
    if name not in NAMES:
        sys.exit(f"There is no benchmark named {name!r}. Valid: {', '.join(NAMES)}.")
    importlib.import_module(f"benchmarks.{name}").main()
