"""The batch is a power of two that fits in half of the free memory, and is halved if it does not fit after all."""

from __future__ import annotations

import pytest
import torch

from vidgen_bench.system.batch_size import CHUNK, fitting_rows, in_parts, rows_at_once


@pytest.mark.parametrize(
    ("free", "each", "rows"),
    [
        (0, 10, 1),
        (19, 10, 1),
        (40, 10, 2),
        (1000, 10, 32),
        (1280, 10, 64),
        (10**12, 10, 1024),
        (10**6, 0, 1024),
        (10**6, -5, 1024),
    ],
)
def test_rows_fit_in_half_of_what_is_free(free: int, each: int, rows: int) -> None:
    assert fitting_rows(free, each) == rows


def test_a_cpu_takes_a_few_dozen_and_tries_nothing() -> None:
    def work(rows: int) -> None:
        raise AssertionError

    assert rows_at_once(work, torch.device("cpu")) == CHUNK


class Memory:
    """Return work that runs out of memory above this many rows."""

    def __init__(self, fits: int) -> None:
        self.fits, self.seen = fits, []

    def __call__(self, clips: torch.Tensor) -> dict[str, torch.Tensor]:
        self.seen.append(len(clips))
        if len(clips) > self.fits:
            raise torch.OutOfMemoryError("no")
        return {"fc7": clips * 2, "prob": clips[:, :1]}


@pytest.mark.parametrize(
    ("fits", "rows", "seen", "left"),
    [
        (64, 64, [11], 64),
        (64, 4, [4, 4, 3], 4),
        (5, 8, [8, 4, 4, 3], 4),
        (1, 11, [11, 5, 2, *[1] * 11], 1),
        (3, 32, [11, 5, 2, 2, 2, 2, 2, 1], 2),
    ],
)
def test_parts_are_joined_in_order_and_what_fits_is_remembered(
    fits: int, rows: int, seen: list[int], left: int
) -> None:
    clips, work = torch.arange(33.0).view(11, 3), Memory(fits)
    out, fitting = in_parts(work, clips, rows)
    assert torch.equal(out["fc7"], clips * 2)
    assert torch.equal(out["prob"], clips[:, :1])
    assert (work.seen, fitting) == (seen, left)


def test_a_single_clip_that_does_not_fit_is_reported() -> None:
    with pytest.raises(torch.OutOfMemoryError):
        in_parts(Memory(0), torch.zeros(4, 3), 4)


def test_other_errors_pass() -> None:
    def fail(clips: torch.Tensor) -> dict[str, torch.Tensor]:
        raise RuntimeError("shape")

    with pytest.raises(RuntimeError, match="shape"):
        in_parts(fail, torch.zeros(4, 3), 4)
