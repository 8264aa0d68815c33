"""The pause of the search for reference cycles."""

from __future__ import annotations

import gc

import pytest

from vidgen_bench.system.garbage import paused_collection


def test_the_search_goes_on_after_the_block() -> None:
    assert gc.isenabled()
    with paused_collection():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_the_search_goes_on_after_a_fault() -> None:
    with pytest.raises(ZeroDivisionError), paused_collection():
        _ = 1 / 0
    assert gc.isenabled()


def test_a_pause_inside_a_pause_does_not_end_it() -> None:
    with paused_collection():
        with paused_collection():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
