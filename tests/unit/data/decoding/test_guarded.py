"""Decoding for an evaluation: a decoder that crashes, hangs or is killed is an error that names the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.kit.data_files import decode, write_video
from vidgen_bench.data.decoding import workers
from vidgen_bench.data.decoding.guarded import GuardedDecoder, Survey
from vidgen_bench.data.external.opening import open_source
from vidgen_bench.errors import DataError

_SPOILT = "import vidgen_bench.data.decoding.video as v, os, time; v.read = lambda path, take: {}; "


def spoil(monkeypatch: pytest.MonkeyPatch, instead: str) -> None:
    """Make the workers do something else than decode."""
    begin, _, end = workers._START.partition("from vidgen_bench")
    monkeypatch.setattr(workers, "_START", f"{begin}{_SPOILT.format(instead)}from vidgen_bench{end}")


def test_a_survey_has_the_shape_and_frames_come_back(tmp_path: Path) -> None:
    write_video(tmp_path / "v.avi", 40, seed=1)
    decoder = GuardedDecoder()
    assert decoder.survey(tmp_path / "v.avi") == Survey(40, 48, 64, 0)
    assert np.array_equal(decoder.frames(tmp_path / "v.avi", 30, 37), decode(tmp_path / "v.avi").frames[30:37])
    assert len(decoder.frames(tmp_path / "v.avi", 38, 45)) == 2


def test_a_bad_video_is_named_and_the_next_is_decoded(tmp_path: Path) -> None:
    (tmp_path / "bad.avi").write_bytes(b"no video" * 99)
    write_video(tmp_path / "v.avi", 8, seed=1)
    decoder = GuardedDecoder()
    with pytest.raises(DataError, match=r"bad\.avi: cannot be read as a video"):
        decoder.survey(tmp_path / "bad.avi")
    assert decoder.survey(tmp_path / "v.avi").frames == 8


@pytest.mark.parametrize(
    ("instead", "message"),
    [
        ("os.abort()", r"v\.avi: the decoder crashed twice \(signal SIGABRT\)"),
        ("os.kill(os.getpid(), 9)", r"v\.avi: the decoder crashed twice \(signal SIGKILL\)"),
        ("[0][1]", r"v\.avi: the decoder crashed twice \(exit code 1: IndexError"),
        ("bytearray(1 << 62)", r"v\.avi: too large to decode in the free memory"),
    ],
)
def test_a_decoder_that_fails_is_an_error_that_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], instead: str, message: str
) -> None:
    write_video(tmp_path / "v.avi", 8, seed=1)
    spoil(monkeypatch, instead)
    with pytest.raises(DataError, match=message):
        open_source(tmp_path)
    assert capfd.readouterr().err == ""


def test_a_decoder_that_hangs_is_an_error_that_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_video(tmp_path / "v.avi", 8, seed=1)
    spoil(monkeypatch, "time.sleep(600)")
    with pytest.raises(DataError, match=r"v\.avi: decoding took longer than 1 s"):
        GuardedDecoder(timeout=1.0).survey(tmp_path / "v.avi")


def test_the_child_ends_with_its_decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_video(tmp_path / "v.avi", 8, seed=1)
    made: list[workers.Worker] = []
    begin = workers.Worker.__init__
    monkeypatch.setattr(workers.Worker, "__init__", lambda worker: (begin(worker), made.append(worker))[0])
    decoder = GuardedDecoder()
    decoder.survey(tmp_path / "v.avi")
    decoder.survey(tmp_path / "v.avi")
    assert [worker.alive for worker in made] == [True]
    del decoder
    assert [worker.alive for worker in made] == [False]
