"""Tracks: what they fix, what is refused, and fingerprints that may not change."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from vidgen_bench.config.budget import parse_budget
from vidgen_bench.config.protocol import load_protocol
from vidgen_bench.config.track import Track, load_track, shipped_equal, shipped_tracks
from vidgen_bench.errors import RequestError

FINGERPRINTS = {
    "shapes-64": "v1:ea2b8d8918a14f6e",
    "shapes-cpu": "v1:8c630720ab6ccc08",
    "shapes-smoke": "v1:6b72c9e37191740d",
    "ucf101-128-paper": "v1:73b7e3aefae55936",
    "ucf101-64-1h": "v1:5a032040d6394722",
    "ucf101-192-paper": "v1:bba2703cd79ce846",
    "ucf101-64-paper": "v1:37e1923d27187424",
}

TOML = """
name = "mine"
[data]
name = "ucf101"
resize = [64, 85]
crop = [0, 10, 64, 64]
[clip]
frames = 16
size = 64
classes = 10
[instrument]
name = "c3d-ucf101"
[evaluation]
every = 10
samples = 16
select = "is"
[evaluation.final]
batches = 2
samples = 16
[budget]
iterations = 20
"""


@pytest.fixture
def own(tmp_path: Path):
    """Write the track above, changed by replacements, and load it."""

    def load(*changes: tuple[str, str]):
        text = TOML
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "own.toml"
        path.write_text(text)
        return load_track(str(path))

    return load


def test_every_shipped_track_has_its_pinned_fingerprint() -> None:
    # a change here breaks every record that exists: raise the fingerprint's version instead
    assert {name: load_track(name).fingerprint for name in shipped_tracks()} == FINGERPRINTS


def test_shipped_tracks_are_named_as_their_files() -> None:
    assert [load_track(name).name for name in shipped_tracks()] == shipped_tracks()


def test_the_smoke_track_ranks_nothing_and_says_so() -> None:
    track = load_track("shapes-smoke")
    assert not track.ranked
    assert "ranks nothing" in track.summary


@pytest.mark.parametrize(
    "change",
    [
        ('name = "mine"', 'name = "other"'),
        ('name = "mine"', 'name = "mine"\nsummary = "words"'),
        ('name = "mine"', 'name = "mine"\nranked = false'),
        ('name = "ucf101"', 'name = "ucf101"\nsplit = 1'),
        ('name = "ucf101"', 'name = "ucf101"\nrule = "cubic"'),
        ('select = "is"', 'select = "is"\nmetrics = ["is", "fid"]'),
        ("[budget]", "[evaluation.reference]\npasses = 10\n[budget]"),
        ("iterations = 20", "iterations = 20\n[defaults.tgan]\nwidth = 0.5"),
        ("frames = 16\nsize = 64\nclasses = 10", "classes = 10\nsize = 64\nframes = 16"),
    ],
    ids=["name", "summary", "ranked", "split", "rule", "metrics", "passes", "defaults", "order"],
)
def test_words_defaults_and_order_do_not_change_the_fingerprint(own, change: tuple[str, str]) -> None:
    assert own(change).fingerprint == own().fingerprint


@pytest.mark.parametrize(
    "change",
    [
        ('name = "ucf101"', 'name = "ucf101"\nsplit = 2'),
        ('name = "ucf101"', 'name = "ucf101"\nrule = "cubic-antialias"'),
        ("crop = [0, 10, 64, 64]", "crop = [0, 11, 64, 64]"),
        ("frames = 16", "frames = 8"),
        ("classes = 10", "classes = 11"),
        ('"c3d-ucf101"', '"c3d-shapes"'),
        ('"c3d-ucf101"', '"c3d-ucf101"\nsha256 = "00"'),
        ("every = 10", "every = 20"),
        ('select = "is"', 'select = "fid"'),
        ('select = "is"', 'select = "is"\nmetrics = ["is"]'),
        ("batches = 2", "batches = 3"),
        ("iterations = 20", "iterations = 21"),
        ("iterations = 20", "device_hours = 20"),
        ("iterations = 20", 'iterations = 20\n[training]\nprecision = "tf32"'),
    ],
)
def test_all_that_is_held_fixed_changes_the_fingerprint(own, change: tuple[str, str]) -> None:
    assert own(change).fingerprint != own().fingerprint


def test_a_budget_given_by_hand_derives_a_track_of_its_own() -> None:
    track = load_track("shapes-smoke")
    derived = track.derived(parse_budget("iterations=5"))
    assert derived.name == "shapes-smoke~iterations=5"
    assert derived.fingerprint != track.fingerprint
    assert derived.derived(parse_budget("clips=9")).name == "shapes-smoke~clips=9"
    assert track.derived(parse_budget("iterations=250")) is track
    assert derived.derived(track.budget).fingerprint == track.fingerprint


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            ("frames = 16", "frmes = 16"),
            ["clip.frmes: unknown key. Did you mean 'frames'?", "clip.frames: this key is missing"],
        ),
        (("frames = 16", "frames = 1"), ["clip.frames", "greater than or equal to 2", "found 1"]),
        (("frames = 16", 'frames = "many"'), ["clip.frames", "valid integer", "found 'many'"]),
        (("[budget]\niterations = 20", ""), ["budget: this key is missing"]),
        (("iterations = 20", ""), ["budget", "at least one of iterations, clips, device_hours, flops"]),
        (("iterations = 20", "device_hours = nan"), ["budget.device_hours"]),
        (("crop = [0, 10, 64, 64]", "crop = [0, 30, 64, 64]"), ["data", "does not lie inside"]),
        (("crop = [0, 10, 64, 64]", "crop = [0, 10, 60, 60]"), ["the crop is 60x60, but clip.size is 64"]),
        (('select = "is"', 'select = "kid"'), ["evaluation", "select = 'kid' is not among metrics"]),
        (('name = "mine"', 'name = "Mine!"'), ["expected lower-case letters"]),
        (('name = "mine"', 'name = "mine'), ["is not valid TOML"]),
    ],
)
def test_mistakes_are_told_with_their_place(own, change: tuple[str, str], words: list[str]) -> None:
    with pytest.raises(RequestError) as caught:
        own(change)
    message = str(caught.value)
    assert "own.toml" in message
    for word in words:
        assert word in message


def test_an_unknown_track_gets_the_nearest_name() -> None:
    with pytest.raises(RequestError, match=r"There is no track named 'shapes-smok'\. Did you mean 'shapes-smoke'"):
        load_track("shapes-smok")


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"absent\.toml cannot be read: No such file"):
        load_track(str(tmp_path / "absent.toml"))
    (tmp_path / "binary.toml").write_bytes(b"\x00\xff\xfe")
    with pytest.raises(RequestError, match=r"binary\.toml is not valid TOML"):
        load_track(str(tmp_path / "binary.toml"))


PROTOCOL = """
name = "strict"
version = 1
preprocessing = "tgan"
samples = 64
metrics = ["is"]
[real]
passes = 10
"""


def with_protocol(folder: Path, words: str, protocol: str = PROTOCOL) -> Path:
    """Write a track that names a protocol file in a folder beside it, and return the track."""
    (folder / "protocols").mkdir(parents=True)
    (folder / "protocols" / "mine.toml").write_text(protocol)
    (folder / "track.toml").write_text(TOML.replace("every = 10", f"{words}\nevery = 10"))
    return folder / "track.toml"


def test_a_protocol_file_is_found_beside_the_track_that_names_it(tmp_path: Path, monkeypatch) -> None:
    words = 'protocol = "protocols/mine.toml"\nalso = ["fvd-2048-16f", "protocols/mine.toml"]'
    here = with_protocol(tmp_path / "here", words)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    for track in (load_track(str(here)), load_track("../here/track.toml")):
        assert load_protocol(track.evaluation.protocol).name == "strict"
        assert track.evaluation.also[0] == "fvd-2048-16f"
        assert load_protocol(track.evaluation.also[1]).name == "strict"
        assert track.declared["evaluation"]["protocol"] == "strict"


def test_where_the_protocol_file_lies_is_not_in_the_fingerprint(tmp_path: Path) -> None:
    words = 'protocol = "protocols/mine.toml"'
    one, other = (load_track(str(with_protocol(tmp_path / name, words))) for name in ("one", "other"))
    assert one.fingerprint == other.fingerprint
    renamed = with_protocol(tmp_path / "renamed", words, PROTOCOL.replace("strict", "stricter"))
    assert load_track(str(renamed)).fingerprint != one.fingerprint
    assert one.derived(parse_budget("iterations=5")).declared["evaluation"]["protocol"] == "strict"


def test_a_track_read_back_from_what_it_declares_declares_the_same(tmp_path: Path) -> None:
    words = 'protocol = "protocols/mine.toml"\nmetrics = ["is"]\nreference.passes = 10'
    track = load_track(str(with_protocol(tmp_path / "a", words)))
    assert "metrics" not in track.declared["evaluation"], "they are the protocol's own"
    assert "reference" not in track.declared["evaluation"]
    assert Track.model_validate({**track.declared, "name": "again"}).declared == track.declared


def test_a_copy_of_a_shipped_protocol_changes_no_fingerprint(tmp_path: Path, own) -> None:
    shipped = (resources.files("vidgen_bench.config") / "protocols" / "c3d-tgan.toml").read_text()
    copied = load_track(str(with_protocol(tmp_path / "a", 'protocol = "protocols/mine.toml"', shipped)))
    assert copied.fingerprint == own().fingerprint


def test_a_protocol_file_that_is_not_there_or_not_right_is_named(tmp_path: Path, own) -> None:
    with pytest.raises(
        RequestError, match=r"protocol file .*absent\.toml does not exist\. Its path is relative to the track file"
    ):
        own(("every = 10", 'protocol = "absent.toml"\nevery = 10'))
    wrong = with_protocol(tmp_path / "a", 'protocol = "protocols/mine.toml"', PROTOCOL.replace("samples", "sampels"))
    with pytest.raises(RequestError, match=r"protocol .*mine\.toml is not valid"):
        load_track(str(wrong))


def test_a_track_file_cannot_hold_a_loaded_protocol(tmp_path: Path) -> None:
    shipped = (resources.files("vidgen_bench.config") / "tracks" / "shapes-smoke.toml").read_text()
    path = tmp_path / "mine.toml"
    path.write_text(shipped + '\n[evaluation.own_protocol]\nname = "mine"\n')
    with pytest.raises(RequestError, match=r"evaluation\.own_protocol: .*instance of Protocol"):
        load_track(str(path))


def test_a_precision_given_by_hand_derives_a_track_and_the_default_changes_no_fingerprint() -> None:
    track = load_track("shapes-smoke")
    derived = track.derived(precision="tf32")
    assert derived.name == "shapes-smoke~precision=tf32"
    assert derived.fingerprint != track.fingerprint
    assert derived.derived(parse_budget("iterations=5")).name == "shapes-smoke~iterations=5,precision=tf32"
    assert track.derived(precision="fp32") is track
    assert derived.derived(precision="fp32").fingerprint == track.fingerprint
    assert (
        Track.model_validate({**track.declared, "name": "x", "training": {"precision": "fp32"}}).declared
        == track.declared
    )
    with pytest.raises(RequestError, match=r"no precision 'fp16'\. .*Valid: bf16, fp32, tf32"):
        track.derived(precision="fp16")


@pytest.mark.parametrize(
    ("track", "budget", "equal"),
    [
        ("ucf101-64-paper", "device-hours=1", "ucf101-64-1h"),
        ("ucf101-64-1h", "iterations=100000", "ucf101-64-paper"),
        ("ucf101-64-paper", "iterations=100000", None),
        ("ucf101-64-paper", "iterations=5", None),
    ],
)
def test_a_budget_may_turn_a_shipped_track_into_another(track: str, budget: str, equal: str | None) -> None:
    assert shipped_equal(load_track(track).derived(parse_budget(budget))) == equal
