"""Folders for files outside any run: a cache that can be rebuilt, and the instruments that the user imported."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import platformdirs

from vidgen_bench.errors import RequestError


def cache_folder() -> Path:
    """Return the folder of decoded videos, generated data sets and reference statistics; it can be deleted and is rebuilt.

    Raises:
        RequestError: this user has no home folder, and no variable names another folder.
    """
    return _of_user(platformdirs.user_cache_dir, "the cache of decoded videos", "XDG_CACHE_HOME")


def instrument_folder() -> Path:
    """Return the folder of the instruments made by ``vidgen-bench instrument import``.

    Raises:
        RequestError: this user has no home folder, and no variable names another folder.
    """
    return _of_user(platformdirs.user_data_dir, "imported instruments", "XDG_DATA_HOME") / "instruments"


def or_nowhere(folder: Callable[[], Path]) -> Path:
    """Return one of these folders to read from; without a home folder a path that can never exist, so that nothing is found there."""
    try:
        return folder()
    except RequestError:
        return Path(os.devnull) / "no home folder (set HOME)"


def _of_user(find: Callable[..., str], what: str, variable: str) -> Path:
    try:
        folder = Path(find("vidgen-bench", appauthor=False))
    except RuntimeError:
        folder = Path()
    if not folder.is_absolute():  # older versions of platformdirs return "~/.cache/..."
        raise RequestError(
            f"There is no home folder for {what}. Set {variable} to the full path of a folder that you may write to, or HOME."
        )
    return folder
