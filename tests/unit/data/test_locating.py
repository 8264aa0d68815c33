"""A data set has a folder of its own in the cache."""

from __future__ import annotations

from pathlib import Path

import pytest

from vidgen_bench.api import VideoSource
from vidgen_bench.cli.data import _located
from vidgen_bench.config.track import load_track
from vidgen_bench.data.locating import folder_of_data_set, locate_videos
from vidgen_bench.data.shapes import write
from vidgen_bench.host.host import LoadedPlugin, Origin


class Clouds:
    """Writes a file into its folder, unless it is there already, as a data set does that makes its own videos."""

    name = "clouds"

    def __init__(self, text: str) -> None:
        self.text = text

    def locate(self, videos: Path | None, splits: Path | None, cache: Path, report: object) -> VideoSource:
        place = cache / "clouds-1"
        if not place.exists():
            place.mkdir(parents=True)
            (place / "video").write_text(self.text)
        return VideoSource(place, place)


def quiet(what: str, done: int, total: int) -> None:
    """Report nothing."""


def loaded(distribution: str) -> LoadedPlugin:
    return LoadedPlugin("data set", "clouds", Clouds(distribution), Origin("clouds", distribution, "1.0"))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "vidgen-bench"


def test_two_packages_with_equal_names_are_not_given_each_others_videos(cache: Path) -> None:
    for distribution in ("Cumulus_Videos", "stratus", "Cumulus_Videos"):
        source = locate_videos(loaded(distribution), None, None, quiet)
        assert (source.videos / "video").read_text() == distribution
    assert sorted(p.name for p in (cache / "data-sets").iterdir()) == ["cumulus-videos-clouds", "stratus-clouds"]


def test_the_folder_is_not_made_for_a_data_set_that_writes_nothing(cache: Path, tmp_path: Path) -> None:
    assert folder_of_data_set(loaded("stratus")) == cache / "data-sets" / "stratus-clouds"
    assert not cache.exists()


def test_the_built_in_data_set_has_one_too(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "written", lambda folder, report: VideoSource(folder, folder))
    source = _located(load_track("shapes-smoke"), None, None, quiet)
    assert source.videos == cache / "data-sets" / "vidgen-bench-shapes"
