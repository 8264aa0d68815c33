"""Ctrl-C outside training ends the stage; during training, the trainer handles it."""

from __future__ import annotations

import signal

import pytest

from vidgen_bench.errors import Interrupted
from vidgen_bench.system.interrupt import Interrupt
from vidgen_bench.system.observer import Glance, Interruptible, Observer


class Heard(Observer):
    def __init__(self) -> None:
        self.words: list[str] = []

    def stage(self, text: str) -> None:
        self.words.append(text)

    def progress(self, what: str, done: int, total: int) -> None:
        self.words.append(f"{what} {done}/{total}")

    def trained(self, glance: Glance) -> None:
        self.words.append(f"trained {glance.iteration}")


def test_everything_is_passed_on_until_ctrl_c_ends_the_next_stage_or_piece_of_work(monkeypatch):
    monkeypatch.setattr("vidgen_bench.system.interrupt.SAME", -1.0)
    heard = Heard()
    with Interrupt() as interrupt:
        watched = Interruptible(heard, interrupt)
        watched.stage("anchors")
        watched.progress("anchors", 1, 2)
        signal.raise_signal(signal.SIGINT)
        watched.trained(Glance(3, 0.5, {}, 1.0))
        with pytest.raises(Interrupted, match="Stopped during anchors"):
            watched.progress("anchors", 2, 2)
        with pytest.raises(Interrupted, match="Stopped during scoring"):
            watched.stage("scoring")
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert heard.words == ["anchors", "anchors 1/2", "trained 3", "anchors 2/2"]
