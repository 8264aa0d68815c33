"""The bench of a track: which protocols it measures by, which are left out and why, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.kit.toy_protocol import ToyHost, ToyInstrument
from vidgen_bench.config.track import Track, load_track
from vidgen_bench.errors import RequestError
from vidgen_bench.measure.resolved_track import ResolvedTrack, resolve_track

PROTOCOL = """
name = "{name}"
version = 1
{more}
preprocessing = "plain"
samples = 8
metrics = {metrics}
[real]
passes = 3
"""


@pytest.fixture
def track(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Write protocols ``one`` (is, fid), ``two`` (kid) and ``far`` (recall, of an instrument without weights); return tracks."""
    monkeypatch.chdir(tmp_path)
    write("one", '["is", "fid"]')
    write("two", '["kid"]', 'extra = ["recall"]')
    write("far", '["density"]', 'instrument = "far"')

    def make(**evaluation: Any) -> Track:
        base = load_track("shapes-smoke").model_dump(mode="json", by_alias=True, exclude_unset=True)
        base |= {"name": "mine", "instrument": {"name": "toy"}}
        base["evaluation"] |= {"protocol": "one.toml", "also": []} | evaluation
        return Track.model_validate(base)

    return make


def write(name: str, metrics: str, more: str = "") -> None:
    Path(f"{name}.toml").write_text(PROTOCOL.format(name=name, metrics=metrics, more=more))


def resolved_track(track: Track, **more: Any) -> ResolvedTrack:
    return resolve_track(track, ToyHost(ToyInstrument(), ToyInstrument(name="far", absent=True)), **more)


def shown(resolved_track: ResolvedTrack) -> list[str]:
    return [m.protocol.name for m in resolved_track.protocols]


def test_the_track_sets_samples_passes_and_metrics(track) -> None:
    protocol = resolved_track(track()).main.protocol
    assert (protocol.name, protocol.samples, protocol.real.passes) == ("one", 256, 4)
    fewer = resolved_track(track(metrics=["fid"], extra=["kid"], reference={"passes": 7})).main.protocol
    assert (fewer.metrics, fewer.extra, fewer.real.passes) == (("fid",), ("kid",), 7)
    own = track().model_dump(mode="json", by_alias=True, exclude_unset=True)
    del own["evaluation"]["reference"]
    assert resolved_track(Track.model_validate(own)).main.protocol.real.passes == 3


def test_a_promised_number_of_samples_survives_the_track_and_takes_as_many_batches(track) -> None:
    write("one", '["is", "fid"]', "fixed = true")
    made = resolved_track(track())
    assert made.main.protocol.samples == 8
    assert made.batches(made.main) == 4 * 256 // 8
    Path("one.toml").write_text(Path("one.toml").read_text().replace("samples = 8", "samples = 4096"))
    made = resolved_track(track())
    assert made.batches(made.main) == 1


def test_other_protocols_are_measured_too_or_left_out_with_the_reason(track) -> None:
    made = resolved_track(track(also=["two.toml", "far.toml"]))
    assert shown(made) == ["one", "two"]
    assert made.skipped == {"far.toml": "The instrument 'far' has no weights here."}
    assert made.main is made.protocols[0]
    assert len({(f.kind, f.name) for f in made.plugins}) == len(made.plugins)


@pytest.mark.parametrize("also", ["fvd-2048", "absent.toml"])
def test_another_protocol_that_does_not_exist_is_the_tracks_mistake(track, also: str) -> None:
    with pytest.raises(RequestError, match=r"There is no protocol named|cannot be read"):
        resolved_track(track(also=[also]))


def test_the_tracks_own_protocol_may_not_be_missing(track) -> None:
    with pytest.raises(RequestError, match="'far' has no weights here"):
        resolved_track(track(protocol="far.toml", select="density"))


def test_two_protocols_of_one_metric_would_overwrite_each_other_and_are_refused(track) -> None:
    with pytest.raises(RequestError, match="which both have the metric"):
        resolved_track(track(also=["two.toml", "two.toml"]))


def test_a_protocol_is_not_measured_by_twice(track) -> None:
    assert shown(resolved_track(track(also=["one.toml"]))) == ["one"]


def test_a_metric_without_a_direction_selects_nothing(track) -> None:
    with pytest.raises(RequestError, match=r"but neither higher nor lower is better\. Select by is or fid"):
        resolved_track(track(metrics=["is", "fid", "nearest"], select="nearest"))


def test_the_selecting_metric_is_one_that_is_watched(track) -> None:
    with pytest.raises(RequestError, match=r"selects by 'kid', which is not among its metrics is, fid"):
        resolved_track(track(select="kid", extra=["kid"]))


def test_protocols_that_are_asked_for_take_the_place_of_the_tracks(track) -> None:
    made = resolved_track(
        track(also=["two.toml"]), protocols=("two.toml",), changes={"samples": 5, "precision": "bf16"}
    )
    assert shown(made) == ["two"]
    assert (made.main.protocol.samples, made.main.protocol.precision) == (5, "bf16")
    assert not made.skipped
    with pytest.raises(RequestError, match="'far' has no weights here"):
        resolved_track(track(), protocols=("far.toml",))


def test_pinned_weights_are_checked(track) -> None:
    pinned = track().model_copy(update={"instrument": track().instrument.model_copy(update={"sha256": "00"})})
    with pytest.raises(RequestError, match="requires toy with sha256 00; the installed weights have abab"):
        resolved_track(pinned)


def test_every_column_is_wanted_where_a_protocol_shifts_and_the_track_leaves_columns(track) -> None:
    assert not resolved_track(track()).shifts
    Path("one.toml").write_text(Path("one.toml").read_text() + 'augment = ["shift-x"]\n')
    assert resolved_track(track()).shifts
    data = track().data.model_copy(update={"resize": (64, 64), "crop": (0, 0, 64, 64)})
    assert not resolved_track(track().model_copy(update={"data": data})).shifts
