"""torch's warnings about waiting for a GPU become findings; other warnings pass through, and its mode comes back."""

from __future__ import annotations

import warnings

import pytest
import torch

from vidgen_bench.training.sync_warnings import COPY, WARNING, gpu_waits
from vidgen_bench.training.watch import WAITS, Watch


@pytest.fixture
def modes(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Let torch have a GPU in use, and return the debug modes that are set."""
    found: list[object] = []
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_sync_debug_mode", lambda: 0)
    monkeypatch.setattr(torch.cuda, "set_sync_debug_mode", found.append)
    return found


@pytest.mark.parametrize(
    ("message", "found", "passed"),
    [
        (f"{WARNING} (Triggered internally at CUDAFunctions.cpp:147.)", {COPY}, []),
        ("Synchronization debug mode is a prototype feature", set(), []),
        ("a plugin's own", set(), ["a plugin's own"]),
    ],
)
def test_what_torch_warns_about_is_found(modes: list[object], message: str, found: set[str], passed: list[str]) -> None:
    seen: set[str] = set()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with gpu_waits(seen):
            warnings.warn(message, stacklevel=1)
    assert seen == found
    assert [str(w.message) for w in caught] == passed
    assert modes == ["warn", 0]


def test_the_mode_comes_back_after_an_error(modes: list[object]) -> None:
    with pytest.raises(ValueError, match="stop"), gpu_waits(set()):
        raise ValueError("stop")
    assert modes == ["warn", 0]


def test_without_a_gpu_nothing_is_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "set_sync_debug_mode", lambda mode: pytest.fail("set"))
    with gpu_waits(set()):
        pass


def test_the_watch_of_the_first_iteration_has_them(modes: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "default_generators", (), raising=False)
    watch = Watch()
    with watch:
        warnings.warn(WARNING, stacklevel=1)
    with watch:  # it is entered once per turn
        torch.ones(2) + 1
    assert watch.witness == [f"{WAITS}{COPY}"]
    assert modes == ["warn", 0, "warn", 0]
