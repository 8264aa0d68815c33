"""``vidgen-bench tracks``: what ships, and everything a track fixes."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import pytest

from tests.kit.command import Command
from vidgen_bench.config.track import load_track, shipped_tracks


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path, monkeypatch, capsys)


def test_every_shipped_track_is_listed_with_its_facts(command: Command) -> None:
    done = command("tracks")
    assert (done.code, done.err) == (0, "")
    text = " ".join(done.out.split())
    for name in shipped_tracks():
        track = load_track(name)
        assert f"{name} {track.summary.split()[0]}" in text
        assert track.fingerprint in text
    for part in (
        "data shapes · 16 frames of 64x64 · budget iterations=250 · best by fid · protocol c3d-native",
        "protocol c3d-native · instrument c3d-shapes-64 · ranks nothing",
        "budget device-hours=1 · best by is · protocol c3d-tgan · instrument c3d-ucf101 · ranked",
    ):
        assert part in text


def test_json_has_the_fingerprint_and_the_content(command: Command) -> None:
    tracks = {t["name"]: t for t in json.loads(command("tracks", "--json").out)}
    assert set(tracks) == set(shipped_tracks())
    smoke = tracks["shapes-smoke"]
    assert smoke["fingerprint"] == load_track("shapes-smoke").fingerprint
    assert (smoke["ranked"], smoke["budget"]["iterations"], smoke["clip"]["frames"]) == (False, 250, 16)


def test_a_page_has_everything_defaults_included(command: Command) -> None:
    done = command("tracks", "show", "shapes-smoke")
    assert done.code == 0
    lines = {tuple(line.split(maxsplit=1)) for line in done.out.splitlines() if line.startswith("  ")}
    stripped = {key: value.strip() for key, value in lines}
    assert stripped["data.rule"] == '"cubic"'
    assert stripped["data.crop"] == "[0, 10, 64, 64]"
    assert stripped["evaluation.final.samples"] == "256"
    assert stripped["defaults.tgan.width"] == "0.25"
    assert stripped["budget.iterations"] == "250"
    assert "budget.clips" not in stripped
    assert done.out.startswith("shapes-smoke  v1:6b72c9e37191740d  ranks nothing\n")


def test_ones_own_file(command: Command, tmp_path: Path) -> None:
    shipped = Path(__file__).parents[2] / "vidgen_bench" / "config" / "tracks" / "shapes-64.toml"
    (tmp_path / "mine.toml").write_text(shipped.read_text().replace('name = "shapes-64"', 'name = "mine"'))
    page = json.loads(command("tracks", "show", "mine.toml", "--json").out)
    assert page["name"] == "mine"
    assert page["fingerprint"] == load_track("shapes-64").fingerprint


@pytest.mark.parametrize("name", shipped_tracks())
def test_the_toml_of_a_track_is_that_track(command: Command, tmp_path: Path, name: str) -> None:
    done = command("tracks", "show", name, "--format", "toml")
    assert (done.code, done.err) == (0, "")
    (tmp_path / "copy.toml").write_text(done.out)
    assert load_track(str(tmp_path / "copy.toml")) == load_track(name)
    assert load_track(str(tmp_path / "copy.toml")).fingerprint == load_track(name).fingerprint


def test_the_toml_of_a_track_with_a_protocol_of_its_own_may_lie_anywhere(command: Command, tmp_path: Path) -> None:
    config = Path(__file__).parents[2] / "vidgen_bench" / "config"
    (tmp_path / "a").mkdir()
    protocol = (config / "protocols" / "c3d-native.toml").read_text().replace('name = "c3d-native"', 'name = "own"')
    (tmp_path / "a" / "own.toml").write_text(protocol)
    text = (config / "tracks" / "shapes-smoke.toml").read_text()
    (tmp_path / "a" / "mine.toml").write_text(text.replace('protocol = "c3d-native"', 'protocol = "own.toml"'))
    (tmp_path / "copy.toml").write_text(command("tracks", "show", "a/mine.toml", "--format", "toml").out)
    copy, mine = load_track(str(tmp_path / "copy.toml")), load_track(str(tmp_path / "a" / "mine.toml"))
    assert copy.fingerprint == mine.fingerprint
    assert copy.evaluation.own_protocol == mine.evaluation.own_protocol


@pytest.mark.parametrize("like", ["shapes-smoke", "ucf101-192-paper"])
def test_a_new_track_works_as_it_is_and_explains_every_key(command: Command, tmp_path: Path, like: str) -> None:
    done = command("tracks", "new", "mine", "--like", like)
    assert (done.code, done.out, done.err) == (0, "Wrote mine.toml\n", "")
    mine = load_track(str(tmp_path / "mine.toml"))
    assert mine == load_track(like).model_copy(update={"name": "mine", "summary": ""})
    assert mine.fingerprint == load_track(like).fingerprint
    lines = (tmp_path / "mine.toml").read_text().splitlines()
    for key in ("every = ", "samples = ", "crop = ", "# sha256 =", "precision = ", "seeds = "):
        (place, *_) = [number for number, line in enumerate(lines) if line.startswith(key)]
        assert lines[place - 1].startswith("# ")
        assert len(lines[place - 1]) > 10


def test_the_keys_of_a_new_track_can_be_edited(command: Command, tmp_path: Path) -> None:
    command("tracks", "new", "mine", "--output", "a/own.toml")
    text = (tmp_path / "a" / "own.toml").read_text().replace("iterations = 250", "iterations = 3")
    (tmp_path / "a" / "own.toml").write_text(text.replace("# metrics =", 'metrics = ["fid"]'))
    track = load_track(str(tmp_path / "a" / "own.toml"))
    assert (track.budget.iterations, track.evaluation.metrics) == (3, ("fid",))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["shapes-cpu"], "There is a shipped track named 'shapes-cpu'. Choose another name, such as 'my-shapes-cpu'."),
        (["My track"], "'My track' is not a valid name"),
        (["mine", "--output", "mine.txt"], "expected a file that ends in .toml"),
        (["there"], "there.toml already exists"),
        (["mine", "--like", "shapes-cpo"], "Did you mean 'shapes-cpu'?"),
    ],
)
def test_a_new_track_that_cannot_be(command: Command, tmp_path: Path, arguments: list[str], words: str) -> None:
    (tmp_path / "there.toml").write_text("")
    done = command("tracks", "new", *arguments)
    assert done.code == 2
    assert words in done.err
    assert [p.name for p in tmp_path.iterdir()] == ["there.toml"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("shapes-smok", "There is no track named 'shapes-smok'. Did you mean 'shapes-smoke'?"),
        ("absent.toml", "The track file absent.toml cannot be read: No such file or directory."),
        ("bad.toml", "  clip.frams: unknown key. Did you mean 'frames'?"),
    ],
)
def test_mistakes_exit_with_2(command: Command, tmp_path: Path, name: str, words: str) -> None:
    shipped = Path(__file__).parents[2] / "vidgen_bench" / "config" / "tracks" / "shapes-64.toml"
    (tmp_path / "bad.toml").write_text(shipped.read_text().replace("frames", "frams"))
    done = command("tracks", "show", name)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_run_says_that_a_track_equals_a_shipped_one(command: Command, tmp_path: Path) -> None:
    """Its results could not be sent in under the other name."""
    text = (resources.files("vidgen_bench.config") / "tracks" / "shapes-smoke.toml").read_text()
    (tmp_path / "copy.toml").write_text(text.replace('name = "shapes-smoke"', 'name = "copy"'))
    done = command("run", "tgan", "--track", "copy.toml", "--dry-run")
    assert (done.code, done.err) == (0, "")
    assert "The track copy equals the shipped track shapes-smoke. Use --track shapes-smoke" in done.out
    assert "equals the shipped track" not in command("run", "tgan", "--dry-run").out
