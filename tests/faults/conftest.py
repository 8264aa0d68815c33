"""A workplace with one finished run, whose files are spoiled copies away."""

from __future__ import annotations

import shutil

import pytest

from tests.kit.workplace import Workplace, make_workplace


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """A workplace whose videos are decoded, with a run of ``tgan+conv1d``, and a copy of its whole cache."""
    place = make_workplace(tmp_path_factory.mktemp("faults"))
    done = place.run("tgan+conv1d")
    assert done.returncode == 0, done.stderr
    shutil.copytree(place.root / "cache", place.root / "whole cache")
    return place
