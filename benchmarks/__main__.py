"""``python -m benchmarks``: all of them, or those named."""

from __future__ import annotations

import importlib
import sys

NAMES = ("integration", "solvers", "images", "frechet", "instrument", "evaluation", "training")

for name in sys.argv[1:] or NAMES:
    if name not in NAMES:
        sys.exit(f"No benchmark is called {name!r}. Valid: {', '.join(NAMES)}.")
    importlib.import_module(f"benchmarks.{name}").main()
