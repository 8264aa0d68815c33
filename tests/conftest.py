"""What every test may ask for: the shared folder of golden values and real clips, where this checkout has one beside it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

# before torch: several workers with as many threads each as there are cores only wait for one another
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

LONGEST = (
    "tests/plugins/test_tutorial.py",
    "tests/unit/measure/instruments/test_self_test_matrix.py",
    "tests/plugins/test_conformance.py",
)
"""Files that take a minute or more, and stand late in the alphabet: a worker that began one at the end would work alone."""

SHARED = Path(__file__).resolve().parents[2] / "shared"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files."""
    items.sort(key=lambda item: item.location[0] not in LONGEST)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder ``../shared`` beside the project (golden values, real clips); skips where it is absent."""
    if not (SHARED / "golden").is_dir():
        if os.environ.get("VIDGEN_BENCH_REQUIRE_SHARED"):
            pytest.fail(
                "../shared (golden values and real clips) must be beside this checkout: VIDGEN_BENCH_REQUIRE_SHARED is set"
            )
        pytest.skip("../shared (golden values and real clips) is not beside this checkout")
    return SHARED


@pytest.fixture
def hangup_arrives() -> Iterator[None]:
    """Undo ``nohup`` for one test: under it, the test and what it starts would ignore SIGHUP."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)
