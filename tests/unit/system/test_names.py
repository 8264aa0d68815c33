"""File names that are not UTF-8: results about them are written all the same."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.kit.workplace import Workplace
from vidgen_bench.system.files import readable_name, write_text

BAD = os.fsdecode(b"bad\xff")

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such names")


def test_a_readable_name_can_be_written() -> None:
    assert readable_name("b\u00e4d \u6f22") == "b\u00e4d \u6f22"
    assert readable_name(BAD) == "bad\ufffd"


def test_a_text_with_half_a_character_is_written(tmp_path: Path) -> None:
    write_text(tmp_path / "x.json", f'"{BAD}"')
    assert (tmp_path / "x.json").read_text() == '"bad?"'


@linux
@pytest.mark.slow
def test_clips_of_such_a_name_are_scored_and_listed(tmp_path: Path) -> None:
    from tests.kit.workplace import make_workplace

    place: Workplace = make_workplace(tmp_path)
    folder = place.root / BAD
    folder.mkdir()
    np.save(folder / f"{BAD}.npy", np.random.default_rng(0).integers(0, 256, (8, 16, 64, 64, 3), dtype=np.uint8))
    clips, runs = str(folder / f"{BAD}.npy"), str(folder / "runs")
    done = place.call("evaluate", clips, *place.data_arguments, "--samples", "4", "--runs", runs)
    assert done.returncode == 0, done.stderr
    (record,) = place.records(f"{BAD}/runs").values()
    assert record["external"]["source"] == "bad\ufffd"
    for form in ("json", "csv", "markdown", "latex", "text"):
        target = folder / f"table.{form}"
        shape = [] if form == "text" else ["--format", form]
        listed = place.call("leaderboard", "--runs", runs, *shape, "--output", str(target))
        assert listed.returncode == 0, listed.stderr
        assert target.read_text(encoding="utf-8")
