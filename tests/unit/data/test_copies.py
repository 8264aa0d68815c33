"""Videos with the same frames are reported once, those in both lists by what they do to the scores."""

from __future__ import annotations

import warnings
from typing import Literal

import pytest

from vidgen_bench.data.copies import warn_about_copies
from vidgen_bench.data.index import Stored
from vidgen_bench.errors import DataWarning


def video(name: str, content: int, split: Literal["train", "test"] = "train") -> Stored:
    return Stored(
        split=split, path=f"A/{name}.avi", label=0, first=0, frames=20, decoder="pyav 1", sha256=f"{content:064x}"
    )


def test_different_videos_are_no_news() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_about_copies([video("a", 1), video("b", 2), video("c", 3, "test")])


def test_copies_in_one_list() -> None:
    with pytest.warns(DataWarning, match="check the lists") as caught:
        warn_about_copies([video("a", 1), video("b", 1), video("c", 1), video("d", 2, "test")])
    (found,) = caught
    assert str(found.message) == (
        "3 of 4 videos have the same frames as another one: A/a.avi = A/b.avi. They were used; check the lists."
    )


def test_test_videos_that_are_trained_on() -> None:
    pairs = [[video(f"a{i}", i), video(f"b{i}", i, "test")] for i in range(5)]
    alone = [video("c", 9, "test"), video("d", 10, "test"), video("e", 10, "test")]
    with pytest.warns(DataWarning) as caught:
        warn_about_copies([*(video for pair in pairs for video in pair), *alone])
    text = str(caught[0].message)
    assert text.startswith("12 of 13 videos have the same frames as another one: A/a0.avi = A/b0.avi, ")
    assert "A/a2.avi = A/b2.avi and 3 more." in text
    assert "5 of the 8 test videos are also trained on, so the scores of held-out clips are too good." in text
