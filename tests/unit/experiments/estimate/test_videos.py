"""The videos of a track: counted, a few decoded without a trace, or found decoded in the cache."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.data_files import SMALL, write_tree
from tests.kit.toy_protocol import small_store
from vidgen_bench.api import VideoSource
from vidgen_bench.errors import DataError
from vidgen_bench.experiments.estimate.videos import Videos, find_videos


def found(source: VideoSource, cache: Path, allow_missing: int = 0) -> Videos:
    return find_videos(
        source, split=1, geometry=SMALL, cache=cache, allow_missing=allow_missing, report=lambda what, done, total: None
    )


def test_some_videos_are_decoded_and_nothing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    source = write_tree(tmp_path / "data", groups=3, frames=8)
    videos = found(source, tmp_path / "cache")
    assert (videos.train, videos.test) == (4, 2)
    assert videos.class_videos == (2, 2)
    assert videos.seconds > 0
    assert videos.store is None
    assert not (tmp_path / "cache").exists()
    assert list((tmp_path / "temporary").iterdir()) == []

    store = small_store(tmp_path)
    assert videos.bytes == store.index.bytes  # all six were decoded
    decoded = found(source, tmp_path / "cache")
    assert decoded.store is not None
    assert (decoded.store.folder, decoded.seconds, decoded.bytes) == (store.folder, 0.0, store.index.bytes)
    assert decoded.class_videos == store.class_videos == (2, 2)
    (store.folder / "frames.u8").write_bytes(b"")  # a run decodes a damaged store again
    assert found(source, tmp_path / "cache").store is None


def test_videos_that_cannot_be_decoded_are_refused_by_name(tmp_path: Path) -> None:
    source = write_tree(tmp_path / "data", groups=2, frames=8)
    for path in source.videos.rglob("*.avi"):
        path.write_text("nonsense")
    with pytest.raises(DataError, match=r"v_\w+\.avi: cannot be read as a video"):
        found(source, tmp_path / "cache")


def test_a_few_bad_videos_are_refused_unless_so_many_may_be_missing(tmp_path: Path) -> None:
    source = write_tree(tmp_path / "data", groups=2, frames=8)
    bad = sorted(source.videos.rglob("*.avi"))[0]
    bad.write_text("nonsense")
    with pytest.raises(DataError, match=rf"1 of 4 videos cannot be used:\n  .*{bad.name}"):
        found(source, tmp_path / "cache")
    assert found(source, tmp_path / "cache", allow_missing=1).frames >= 8
