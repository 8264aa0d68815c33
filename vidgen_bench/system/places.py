"""Where files that belong to no run are kept: one folder for what can be made again, one for what the user imported."""

from __future__ import annotations

from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """Folder of decoded videos, generated data sets and reference statistics; deleting it costs time only."""
    return Path(platformdirs.user_cache_dir("vidgen-bench", appauthor=False))


def instrument_folder() -> Path:
    """Folder of the instruments that ``vidgen-bench instrument import`` has made."""
    return Path(platformdirs.user_data_dir("vidgen-bench", appauthor=False)) / "instruments"
