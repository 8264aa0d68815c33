"""A decoder that died or took too long is tried again at the next start, and no option makes its fault last."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kit.data_files import write_tree
from tests.kit.prepared_videos import prepared
from vidgen_bench.data import prepare as module
from vidgen_bench.data.decoding.workers import Outcome, decode_all
from vidgen_bench.data.faults import faults_file
from vidgen_bench.errors import DecoderError

VIDEO = "v_Alpha_g01_c01.avi"


def failing(monkeypatch: pytest.MonkeyPatch, name: str = VIDEO) -> None:
    """Let the decoder of one good video die."""

    def decode(*given: Any) -> Iterator[Outcome]:
        for outcome in decode_all(*given):
            died = f"{outcome.job.video}: the decoder crashed twice (signal SIGKILL). Copy the file again, or leave it out."
            yield dataclasses.replace(outcome, fault=died, passing=True) if outcome.job.video.name == name else outcome

    monkeypatch.setattr(module, "decode_all", decode)


@pytest.mark.parametrize("allow", [0, 1])
def test_it_is_never_forgiven_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allow: int) -> None:
    source, cache = write_tree(tmp_path), tmp_path / "cache"
    whole = prepared(source, tmp_path / "elsewhere")
    with monkeypatch.context() as patch:
        failing(patch)
        for start in (1, 2):
            with pytest.raises(DecoderError) as caught:
                prepared(source, cache, allow_missing=allow)
            assert caught.value.exit_code == 1
            assert f"{VIDEO}: the decoder crashed twice (signal SIGKILL)" in str(caught.value)
            assert ("(2 starts in a row)" in str(caught.value)) is (start == 2)
    (partial,) = (cache / "stores").glob("*.partial")
    assert f"The others are kept in {partial}, and the same command tries these again" in str(caught.value)
    folder = partial.with_suffix("")
    kept = json.loads(faults_file(folder).read_text())
    assert {video: fault["starts"] for video, fault in kept.items()} == {f"Alpha/{VIDEO}": 2}
    assert not folder.exists()
    done: list[int] = []
    store = prepared(source, cache, allow_missing=allow, report=lambda what, d, n: done.append(d))
    assert (store.missing, store.fingerprint) == ((), whole.fingerprint)
    assert done[:2] == [5, 6], "only that video is decoded"
    assert not faults_file(folder).exists()


def test_a_bad_video_beside_it_is_still_forgiven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, cache = write_tree(tmp_path), tmp_path / "cache"
    (source.videos / "Beta" / "v_Beta_g01_c01.avi").write_text("no video")
    with monkeypatch.context() as patch:
        failing(patch)
        with pytest.raises(DecoderError, match=r"on 1 video\(s\)"):
            prepared(source, cache, allow_missing=2)
    store = prepared(source, cache, allow_missing=2)
    assert store.missing == ("Beta/v_Beta_g01_c01.avi",)


def test_videos_that_take_longer_than_the_timeout_are_not_left_out(tmp_path: Path) -> None:
    """An answer that is there when its reader looks counts as in time, so that not all four need be late."""
    source, cache = write_tree(tmp_path, groups=2), tmp_path / "cache"
    with pytest.raises(DecoderError, match=r"on [1-4] video\(s\)(?s:.*)decoding took longer than 1e-05 s"):
        prepared(source, cache, allow_missing=4, timeout=1e-5)
    assert prepared(source, cache, allow_missing=4).missing == ()


@pytest.mark.parametrize("harm", [lambda path: path.write_text("{"), lambda path: path.write_text("[1]")])
def test_a_damaged_file_of_faults_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: Callable[[Path], object]
) -> None:
    source, cache = write_tree(tmp_path), tmp_path / "cache"
    failing(monkeypatch)
    for _ in range(2):
        with pytest.raises(DecoderError):
            prepared(source, cache)
        (path,) = (cache / "stores").glob("*.faults.json")
        assert json.loads(path.read_text())[f"Alpha/{VIDEO}"]["starts"] == 1
        harm(path)


def test_a_store_that_lacks_videos_is_named_to_those_who_allow_none(tmp_path: Path) -> None:
    source, cache = write_tree(tmp_path), tmp_path / "cache"
    (source.videos / "Beta" / "v_Beta_g01_c01.avi").write_text("no video")
    folder = prepared(source, cache, allow_missing=1).folder
    with pytest.raises(module.DataError, match=f"To try the same files again, delete {folder}"):
        prepared(source, cache)
