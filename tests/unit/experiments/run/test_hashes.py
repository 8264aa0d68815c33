"""Hashes of a run: of its first final batch as pixels, and of its checkpoint's content."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from vidgen_bench.experiments.run.hashes import HashedSamples, checkpoint_hash

CLIPS = torch.linspace(-1, 1, 10 * 3 * 2 * 4 * 4).reshape(10, 3, 2, 4, 4)


def draw(indices: range) -> Iterator[Tensor]:
    for start in range(indices.start, indices.stop, 4):
        yield CLIPS[start : min(start + 4, indices.stop)]


def expected(count: int) -> str:
    as_bytes = np.clip(np.round(CLIPS[:count].numpy() * 128 + 128), 0, 255).astype(np.uint8)
    return hashlib.sha256(as_bytes.transpose(0, 2, 3, 4, 1).tobytes()).hexdigest()


def test_the_first_batch_is_hashed_while_it_is_drawn() -> None:
    drawn: list[range] = []

    def watched(indices: range) -> Iterator[Tensor]:
        drawn.append(indices)
        return draw(indices)

    samples = HashedSamples(watched, 6)
    assert torch.equal(torch.cat(list(samples(range(6)))), CLIPS[:6])
    list(samples(range(6, 10)))
    list(samples(range(6)))  # another protocol scores the same clips again
    assert samples.hexdigest() == expected(6)
    assert [r for r in drawn if len(r)] == [range(6), range(6, 10), range(6)]


def test_the_hash_is_that_of_the_batch_however_it_was_drawn() -> None:
    assert HashedSamples(draw, 7).hexdigest() == expected(7)
    larger = HashedSamples(draw, 3)
    list(larger(range(10)))
    assert larger.hexdigest() == expected(3)
    halted = HashedSamples(draw, 7)
    next(halted(range(7)))  # read in part only
    assert halted.hexdigest() == expected(7)


def test_one_pixel_changes_the_hash() -> None:
    changed = CLIPS.clone()
    changed[2, 0, 0, 0, 0] += 2 / 128
    assert HashedSamples(lambda r: iter([changed[r.start : r.stop]]), 6).hexdigest() != expected(6)


def state(**changes: Tensor) -> dict[str, dict[str, Tensor]]:
    tensors = {"w": torch.arange(6.0).reshape(2, 3), "n": torch.tensor(7), "flag": torch.tensor([True])}
    return {"generator": tensors | changes, "critic": {"w": torch.ones(2, dtype=torch.bfloat16)}}


def test_equal_content_has_an_equal_hash_in_any_order_and_layout() -> None:
    turned = {part: dict(reversed(tensors.items())) for part, tensors in reversed(state().items())}
    turned["generator"]["w"] = state()["generator"]["w"].t().contiguous().t()
    assert checkpoint_hash(turned) == checkpoint_hash(state())


def test_the_hash_survives_saving_and_loading() -> None:
    memory = io.BytesIO()
    torch.save(state(), memory)
    memory.seek(0)
    assert checkpoint_hash(torch.load(memory, weights_only=True)) == checkpoint_hash(state())


def test_every_change_of_content_changes_the_hash() -> None:
    w = state()["generator"]["w"]
    changed = [
        state(w=w + 1e-7),
        state(w=w.reshape(3, 2)),
        state(w=w.double()),
        state(w=w.view(torch.int32)),
        state(v=w),
        {"generator": state()["generator"]},
    ]
    assert len({checkpoint_hash(s) for s in [state(), *changed]}) == 1 + len(changed)
