"""Views: every picture stays, the motion goes, and a clip's number alone decides how."""

from __future__ import annotations

import torch

from vidgen_bench.measure.views import viewed

CLIPS = torch.arange(20 * 3 * 16 * 2 * 2, dtype=torch.float32).view(20, 3, 16, 2, 2)


def order_of(seen: torch.Tensor) -> torch.Tensor:
    """Return which frame of its clip stands at each place [N, T]; all of the frame must be of one."""
    same = (seen[:, :, :, None] == CLIPS[: len(seen), :, None]).flatten(4).all(dim=4).all(dim=1)  # [N, T, T]
    assert bool((same.sum(dim=2) == 1).all())
    return same.int().argmax(dim=2)


def test_as_is_is_the_very_tensor() -> None:
    assert viewed(CLIPS, "as-is", 5) is CLIPS


def test_shuffled_has_every_frame_of_its_clip_once_in_an_order_of_its_own() -> None:
    order = order_of(viewed(CLIPS, "shuffled", 0))
    assert torch.equal(order.sort(dim=1).values, torch.arange(16).expand(20, 16))
    assert len({tuple(row) for row in order.tolist()}) == 20
    assert not (order == torch.arange(16)).all(dim=1).any()


def test_frozen_repeats_one_frame_which_differs_between_clips() -> None:
    order = order_of(viewed(CLIPS, "frozen", 0))
    assert bool((order == order[:, :1]).all())
    assert len(set(order[:, 0].tolist())) > 5


def test_the_number_alone_decides() -> None:
    for view in ("shuffled", "frozen"):
        whole = viewed(CLIPS, view, 7)
        parts = [viewed(CLIPS[a:b], view, 7 + a) for a, b in ((0, 1), (1, 4), (4, 20))]
        assert torch.equal(torch.cat(parts), whole)
        assert not torch.equal(viewed(CLIPS, view, 8), whole)
        again = viewed(-CLIPS, view, 7)  # other pixels, the same order
        assert torch.equal(-again, whole)


def test_the_clips_that_came_in_stay_as_they_were() -> None:
    before = CLIPS.clone()
    viewed(CLIPS, "shuffled", 0)
    assert torch.equal(CLIPS, before)
