"""Starts the command line so that it prints a line to standard error for each time that it measures real clips, and can be slow at it.

``VIDGEN_TEST_SLOW`` is the number of seconds that each part of the clips takes in addition.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from vidgen_bench.measure import anchors
from vidgen_bench.measure.reference import statistics

ENTRY = "tests.kit.measuring:main"
PARTS = ("moments", "anchors")
WAITING = "waiting for another process that is "


def measured(part: str) -> str:
    """Return the line of one part."""
    return f"measuring the {part}\n"


def main() -> None:
    statistics._moments = _told("moments", statistics._moments)
    anchors.compute_anchors = _told("anchors", anchors.compute_anchors)
    statistics.counted = _slow(statistics.counted, float(os.environ.get("VIDGEN_TEST_SLOW", "0")))
    from vidgen_bench.cli.main import main as start

    start()


def _told(part: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def told(*arguments: Any) -> Any:
        print(measured(part), end="", file=sys.stderr, flush=True)
        return function(*arguments)

    return told


def _slow(function: Callable[..., Iterator[Any]], seconds: float) -> Callable[..., Iterator[Any]]:
    def slow(*arguments: Any) -> Iterator[Any]:
        for batch in function(*arguments):
            time.sleep(seconds)
            yield batch

    return slow
