"""A release has one spelling, whatever its record says."""

from __future__ import annotations

import pytest

from vidgen_bench.records.release import release


@pytest.mark.parametrize(
    ("expected", "spellings"),
    {
        "0.1": ["0.1.0", "0.1", "v0.1.0", "V0.1", "00.1.0", "0.1.0.0", "0!0.1.0"],
        "0": ["0", "0.0"],
        "1.10": ["1.10", "1.10.0"],
        "1rc0": ["1.0rc", "1.0c0", "1-pre", "1.0.preview0", "1.0RC0"],
        "1b2": ["1.0b2", "1.0-beta.2"],
        "0.1.post1": ["0.1.0.post1", "0.1.0-1", "0.1.0-r1", "0.1.0rev01"],
        "1!2": ["1!2.0"],
    }.items(),
)
def test_one_release_has_one_spelling(expected: str, spellings: list[str]) -> None:
    assert {release(text) for text in spellings} == {expected}


@pytest.mark.parametrize("text", ["", "mine", "0.1.0+mine", "0.1.0.dev1", "0.1.x", "1.0 ", "١.٠", "1" * 5000])
def test_anything_else_is_no_release(text: str) -> None:
    assert release(text) is None
