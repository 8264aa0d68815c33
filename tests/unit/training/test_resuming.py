"""A checkpoint that resumes a run holds what anyone put there: training continues with it, or it is refused in one sentence."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.kit.faults.spoil import VALUES
from tests.kit.toy_training import StopAt, make
from vidgen_bench.errors import DamagedError, Interrupted, VidgenBenchError
from vidgen_bench.system.interrupt import Interrupt

TENSORS = (
    torch.tensor(math.nan), torch.tensor(1.0), torch.zeros(3), torch.tensor(10**9), torch.zeros(2, 2).to_sparse(), torch.tensor(1j),
    torch.empty(5, device="meta"), torch.zeros(1).expand(10**6, 10**6), torch.tensor(True),
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value in a checkpoint."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def spoilt(content: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """Return a copy of a checkpoint's content with one value replaced."""
    made = copy.deepcopy(content)
    inner: Any = made
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return made


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    interrupt = Interrupt()
    with pytest.raises(Interrupted):
        make(tmp_path, iterations=12, observer=StopAt(10, interrupt), interrupt=interrupt).run()
    return tmp_path


@pytest.mark.filterwarnings("ignore::UserWarning:torch")
@pytest.mark.parametrize("count", [12, pytest.param(500, marks=pytest.mark.slow)])
def test_any_value_is_continued_with_or_refused(stopped: Path, count: int) -> None:
    content, chance = torch.load(stopped / "last.pt", weights_only=True), random.Random(count)
    trace, refused = (stopped / "trace.jsonl").read_bytes(), 0
    everywhere = list(places(content))
    inside = [path for path in everywhere if path[0] in ("optimisers", "progress")]
    for _ in range(count):
        path = chance.choice(inside if chance.random() < 0.8 else everywhere)
        value = chance.choice((*VALUES, *TENSORS))
        torch.save(spoilt(content, path, value), stopped / "last.pt")
        (stopped / "trace.jsonl").write_bytes(trace)
        try:
            make(stopped, iterations=12).run()
        except VidgenBenchError as error:
            refused += any(name in str(error) for name in ("last.pt", "trace.jsonl"))
        except Exception as error:
            raise AssertionError(f"{path} = {value!r:.80}") from error
    assert refused > count / 2


@pytest.mark.parametrize("value", [2**62, 10**30])
def test_a_trace_that_would_be_too_long_is_damage(stopped: Path, value: int) -> None:
    content = torch.load(stopped / "last.pt", weights_only=True)
    torch.save(spoilt(content, ("progress", "trace_bytes"), value), stopped / "last.pt")
    with pytest.raises(DamagedError, match=r"trace\.jsonl is damaged: it is shorter|trace_bytes: .*less than"):
        make(stopped, iterations=12).run()


def test_the_message_is_one_text(stopped: Path) -> None:
    content = torch.load(stopped / "last.pt", weights_only=True)
    torch.save(spoilt(content, ("progress", "clips"), -1), stopped / "last.pt")
    with pytest.raises(DamagedError, match=r"it is not valid:\n  progress\.clips: [^\n.]+\. Restore it from a copy"):
        make(stopped, iterations=12).run()


def test_checkpoints_have_the_code_that_made_them_and_a_change_is_noted_once(tmp_path: Path) -> None:
    first, second = {"my_ode": "a" * 16, "same": "c" * 16}, {"my_ode": "b" * 16, "same": "c" * 16}
    for code, stop in ((first, 8), (second, 10), (second, 11)):
        interrupt = Interrupt()
        with pytest.raises(Interrupted):
            make(tmp_path, iterations=12, observer=StopAt(stop, interrupt), interrupt=interrupt, code=code).run()
        assert torch.load(tmp_path / "last.pt", weights_only=True)["code"] == code
    best = torch.load(tmp_path / "best-000000006.pt", weights_only=True)
    assert best["code"] == first
    assert best["revision"]
    progress = make(tmp_path, iterations=12, code=second).run()
    assert progress.changes == [{"iteration": 8, "earlier": {"my_ode": "a" * 16}}]


@pytest.mark.parametrize(
    "change", [{}, {"iteration": -1, "earlier": {}}, {"iteration": 1, "earlier": {"my_ode": "nonsense"}}]
)
def test_a_change_of_the_code_that_says_nonsense_is_damage(stopped: Path, change: dict[str, Any]) -> None:
    content = torch.load(stopped / "last.pt", weights_only=True)
    torch.save(spoilt(content, ("progress", "changes"), [change]), stopped / "last.pt")
    with pytest.raises(DamagedError, match="is not valid"):
        make(stopped, iterations=12).run()


def test_a_checkpoint_of_an_earlier_version_has_no_code_to_compare(stopped: Path) -> None:
    content = torch.load(stopped / "last.pt", weights_only=True)
    del content["code"], content["revision"], content["progress"]["changes"]
    torch.save(content, stopped / "last.pt")
    assert make(stopped, iterations=12, code={"my_ode": "a" * 16}).run().changes == []
