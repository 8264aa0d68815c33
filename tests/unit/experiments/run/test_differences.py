"""A difference is named where it is, however large the values around it are."""

from __future__ import annotations

import pytest

from vidgen_bench.experiments.run.differences import difference

MANY = {f"temporal.option{n}": n for n in range(60)}


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        (7, 0, "its key is 7, not 0"),
        (None, "a", 'its key is null, not "a"'),
        (MANY, {**MANY, "temporal.option59": 4}, "in its key, temporal.option59 is 59, not 4"),
        (MANY, {**MANY, "temporal.new": [1]}, "in its key, temporal.new is missing, not [1]"),
        ({**MANY, "x": {"y": {"z": 1}}}, {**MANY, "x": {"y": {"z": 1.0}}}, "in its key, x.y.z is 1, not 1.0"),
        (
            dict.fromkeys("abcdef", 0),
            dict.fromkeys("abcdef", 1),
            "in its key, a is 0, not 1; b is 0, not 1; c is 0, not 1, and 3 more",
        ),
    ],
)
def test_the_innermost_key_is_named(before: object, now: object, words: str) -> None:
    assert difference("key", before, now) == words


def test_of_a_long_value_the_part_that_differs_is_shown() -> None:
    classes = [f"class {n}" for n in range(100)]
    said = difference("classes", classes, [*classes[:90], "other", *classes[91:]])
    assert '"class 90", "class 91"' in said
    assert '"other", "class 91"' in said
    assert len(said) < 300
    assert "class 10" not in said


def test_it_is_one_line_without_control_characters() -> None:
    assert difference("name", "a\n\x1b", "b").isprintable()
