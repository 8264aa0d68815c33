"""The names of derived tracks are read as they are written."""

from __future__ import annotations

import pytest

from vidgen_bench.config.derived_name import DerivedName


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("smoke", DerivedName("smoke")),
        ("smoke~iterations=5", DerivedName("smoke", "iterations=5")),
        ("smoke~precision=tf32", DerivedName("smoke", precision="tf32")),
        ("smoke~iterations=5,device-hours=0.5,precision=bf16", DerivedName("smoke", "iterations=5,device-hours=0.5", "bf16")),
    ],
)  # fmt: skip
def test_a_name_is_read_as_it_is_written(text: str, name: DerivedName) -> None:
    assert DerivedName.parse(text) == name
    assert str(name) == text
