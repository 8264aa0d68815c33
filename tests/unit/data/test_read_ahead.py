"""What is read ahead is what would be read now, and errors of the thread arrive."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import torch

from tests.kit.numbered_store import store_of
from vidgen_bench.api import Feed
from vidgen_bench.data import sampler as sampler_module
from vidgen_bench.data.frame_file import FrameFile
from vidgen_bench.data.read_ahead import ReadAhead
from vidgen_bench.data.sampler import ClipSampler
from vidgen_bench.errors import VidgenBenchError

CPU = torch.device("cpu")


def test_positions_in_order_are_read_in_the_thread_and_others_at_once() -> None:
    ahead, here, read = ReadAhead(CPU), threading.get_ident(), []

    def work(position: int):
        def reading() -> torch.Tensor:
            read.append((position, threading.get_ident() == here))
            return torch.tensor(position)

        return reading

    for position in (3, 4, 5, 9, 10):
        assert ahead.take("d", position, work(position), work(position + 1)) == position
    assert ahead.take("g", 10, work(10), work(11)) == 10
    assert {p for p, on_main in read if on_main} == {3, 9, 10}
    assert {p for p, on_main in read if not on_main} >= {4, 5, 6, 10}


def test_an_error_of_the_thread_is_raised_when_its_batch_is_taken() -> None:
    def failing() -> torch.Tensor:
        raise VidgenBenchError("became shorter")

    ahead = ReadAhead(CPU)
    ahead.take("d", 0, lambda: torch.zeros(1), failing)
    with pytest.raises(VidgenBenchError, match="became shorter"):
        ahead.take("d", 1, lambda: torch.zeros(1), failing)


def test_a_device_gets_the_frames_that_a_cpu_gets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The device here is torch's, which holds no numbers: what would be copied to it is compared."""
    store, feed, rows = store_of(tmp_path), Feed(4, augment=("flip",)), 3
    sent: list[torch.Tensor] = []
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda values: values)
    monkeypatch.setattr(sampler_module, "sent", lambda values, device: sent.append(values) or values.to(device))
    read: list[torch.Tensor] = []
    gather = FrameFile.gather
    monkeypatch.setattr(FrameFile, "gather", lambda file, index: read.append(index) or gather(file, index))
    ahead, plain = (ClipSampler(store, "train", 5, device) for device in ("meta", "cpu"))
    positions = (0, 1, 2, 63, 64, 65, 7)
    for position in positions:
        ahead.batch("d", feed, position, rows)
    frames = [values for values in sent if values.dtype == torch.uint8]
    assert len(frames) == len(positions)
    for position, values in zip(positions, frames, strict=True):
        expected = gather(store.frames, plain._draw_at(("d", feed, rows, 0, 1), position).frames)
        assert torch.equal(values, expected)
