"""Progress without a terminal: every two seconds while somebody may wait for a first run, and every ten later."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from tests.kit.clock import Clock
from vidgen_bench.cli import progress
from vidgen_bench.cli.progress import TerminalObserver
from vidgen_bench.system.observer import Glance


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(progress, "time", made)
    return made


def printed(clock: Clock, seconds: int) -> list[str]:
    """Return the lines of a run whose iterations take a second, of which every tenth reads the losses."""
    file = io.StringIO()
    with TerminalObserver(Console(file=file, width=200)) as observer:
        for second in range(1, seconds + 1):
            clock.now += 1.0
            observer.trained(Glance(second, second / 1000, {} if second % 10 else {"loss": float(second)}, second))
    return file.getvalue().splitlines()


def test_lines_come_every_two_seconds_at_first_and_every_ten_later(clock: Clock) -> None:
    assert len(printed(clock, 100)) == 50 + 1  # and the first losses
    assert len(printed(clock, 400)) == 160  # 300 s and 100 s


def test_the_first_losses_are_printed_at_once(clock: Clock) -> None:
    file = io.StringIO()
    with TerminalObserver(Console(file=file, width=200)) as observer:
        observer.trained(Glance(3, 1.0, {}, 1.0))
        observer.trained(Glance(3, 1.0, {"loss": 2.0}, 1.0))
        observer.trained(Glance(3, 1.0, {"loss": 3.0}, 1.0))
    first, second = file.getvalue().splitlines()
    assert ("loss" in first, "loss 2" in second) == (False, True)


def test_losses_are_those_of_the_last_reading(clock: Clock) -> None:
    lines = printed(clock, 25)
    assert "loss" not in lines[0]
    assert lines[-1].split()[-4:-2] == ["loss", "20"]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_time_left_stays_in_the_line_of_a_narrow_terminal(width: int) -> None:
    observer = TerminalObserver(Console(file=io.StringIO(), force_terminal=True, width=width))
    observer.trained(Glance(41, 0.16, {f"discriminator.term-{i}": float(i) for i in range(9)}, 9.0))
    file = io.StringIO()
    Console(file=file, width=width).print(observer._bars.get_renderable())
    (line,) = file.getvalue().splitlines()
    assert line.startswith("training ")
    assert " 16% 0:0" in line
    assert " eta " in line
