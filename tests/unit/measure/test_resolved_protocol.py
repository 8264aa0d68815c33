"""A protocol meets an instrument and metrics: what fits, and what is refused before any work."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.kit.toy_protocol import CLIP, ToyHost, ToyInstrument, make_protocol, toy_protocol
from vidgen_bench.api import Clip
from vidgen_bench.config.protocol import adjusted
from vidgen_bench.errors import RequestError
from vidgen_bench.measure.resolved_protocol import resolve_protocol, with_every_option
from vidgen_bench.version import __version__


def names(chosen: Any) -> list[str]:
    return [c.plugin.name for c in chosen]


def test_what_is_measured_when() -> None:
    resolved = toy_protocol(extra=["kid", "fid-frozen"])
    assert names(resolved.metrics) == ["is", "fid", "kid", "fid-frozen"]
    assert names(resolved.watched) == ["is", "fid"]
    assert names(resolved.plain) == ["is", "fid", "kid"]
    assert resolved.layers == ("fc7",)
    assert toy_protocol(metrics=["is"]).layers == ()


def test_every_option_is_in_the_protocol_whoever_set_it() -> None:
    whole = with_every_option(make_protocol(options={"is": {"epsilon": 0}}), ToyHost())
    assert whole.options["is"] == {"epsilon": 0.0, "added": "in-logarithms", "splits": 1}
    assert (
        whole.declared
        == with_every_option(make_protocol(options={"is": {"epsilon": 0.0, "splits": 1}}), ToyHost()).declared
    )
    assert with_every_option(whole, ToyHost()) == whole
    absent = make_protocol(metrics=["is", "not-installed"])
    assert "not-installed" not in with_every_option(absent, ToyHost()).options


def test_options_are_the_protocols_and_else_the_metrics() -> None:
    resolved = toy_protocol(options={"is": {"splits": 2}})
    assert (resolved.metrics[0].options.splits, resolved.metrics[0].options.epsilon) == (2, 1e-7)


def test_the_stamp_is_of_the_weights_and_the_real_clips() -> None:
    stamp = toy_protocol(ToyInstrument(weights="cd" * 32)).stamp("0123", ("trim=4",))
    assert (stamp.sha256, stamp.real, stamp.changes, stamp.instrument) == ("cd" * 32, "0123", ("trim=4",), "toy")
    options = {"is": {"epsilon": 1e-7, "added": "in-logarithms", "splits": 1}, "fid": {}}
    assert stamp.protocol == {**make_protocol().declared, "options": options}


def test_an_extra_metric_has_a_stamp_of_its_own_and_changes_no_others() -> None:
    plain = toy_protocol().stamp("0123")
    more = toy_protocol(extra=["kid", "density"], options={"kid": {"degree": 2}})
    assert more.stamp("0123") == plain
    ids = {c.plugin.name: more.stamp("0123", chosen=c).id for c in more.metrics}
    assert ids["is"] == ids["fid"] == plain.id
    assert len({plain.id, ids["kid"], ids["density"]}) == 3
    other = toy_protocol(extra=["kid", "density"])
    again = {c.plugin.name: other.stamp("0123", chosen=c).id for c in other.metrics}
    assert (again["kid"] == ids["kid"], again["density"] == ids["density"]) == (False, True)


def test_a_protocol_says_which_layer_a_metric_reads() -> None:
    one = ToyInstrument(layers=("prob", "pool3"))  # its author did not call the features "fc7"
    with pytest.raises(
        RequestError,
        match=r'reads the layer \'fc7\'; the instrument toy has prob, pool3\. .*`fid = "pool3"` under \[layers\]',
    ):
        toy_protocol(one)
    resolved = toy_protocol(one, layers={"fid": "pool3"}, extra=["is-frozen"])
    assert {c.plugin.name: c.layer for c in resolved.metrics} == {"is": "prob", "fid": "pool3", "is-frozen": "prob"}
    assert resolved.layers == ("pool3",)
    assert resolved.stamp("0123").protocol["layers"] == {"fid": "pool3"}
    with pytest.raises(RequestError, match="reads the layer 'fc6'; the instrument toy has prob, pool3"):
        toy_protocol(one, layers={"fid": "fc6"})


def test_a_layer_that_the_metric_reads_anyway_and_one_of_another_metric_change_no_stamp() -> None:
    plain = toy_protocol().stamp("0123")
    same = toy_protocol(layers={"fid": "fc7"})
    assert same.stamp("0123") == plain
    more = toy_protocol(extra=["kid"], layers={"kid": "prob"})
    assert more.stamp("0123") == plain
    kid = more.metrics[2]
    assert more.stamp("0123", chosen=kid).protocol["layers"] == {"kid": "prob"}
    assert more.stamp("0123", chosen=kid).id != toy_protocol(extra=["kid"]).stamp("0123", chosen=kid).id


def test_a_metric_of_pixels_has_a_layer_of_its_own_for_its_options() -> None:
    resolved = toy_protocol(extra=["motion"])
    motion = resolved.metrics[2]
    assert motion.reads_pixels
    assert motion.layer.startswith("pixels-motion-")
    assert resolved.pixel_layers == {motion.layer: motion}
    assert resolved.layers == ("fc7", motion.layer)
    with pytest.raises(RequestError, match="sets the layer of 'motion', which reads pixels"):
        toy_protocol(extra=["motion"], layers={"motion": "fc7"})


def test_what_a_track_chooses_of_the_metrics_changes_no_stamp() -> None:
    whole = with_every_option(make_protocol(), ToyHost())
    part = adjusted(whole, {"metrics": ("fid",)})
    resolved_protocols = [resolve_protocol(p, "toy", CLIP, ToyHost(), ("is", "fid")) for p in (whole, part)]
    assert resolved_protocols[0].stamp("0123") == resolved_protocols[1].stamp("0123")


def test_the_plugins_that_make_the_numbers_are_named_with_their_versions() -> None:
    said = toy_protocol(version="2.5").measured_by
    assert any(re.fullmatch(r"instrument toy toy-instruments 2\.5\+[0-9a-f]{16}", line) for line in said)
    assert f"metric fid vidgen-bench {__version__}" in said


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"metrics": ["is", "fidd"]}, "There is no metric named 'fidd'. Did you mean 'fid'"),
        ({"extra": ["kidd"]}, "There is no metric named 'kidd'. Did you mean 'kid'"),
        (
            {"options": {"iss": {"splits": 2}}},
            "sets options of 'iss'; there is no metric with that name. Did you mean 'is'",
        ),
        ({"layers": {"iss": "prob"}}, "sets the layer of 'iss'; there is no metric with that name. Did you mean 'is'"),
        ({"options": {"is": {"split": 2}}}, "options.is has no option 'split'. Did you mean 'splits'"),
        ({"options": {"is": {"splits": 0}}}, "options.is.splits=0: expected integer, at least 1"),
        ({"options": {"is": {"splits": "many"}}}, "options.is.splits=many: expected integer"),
        ({"frames": 16}, "scores clips of 16 frames; the track's clips have 4"),
        (
            {"preprocessing": "plane"},
            "needs the preprocessing 'plane', which the instrument toy does not have; it has plain, doubled",
        ),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(RequestError) as caught:
        toy_protocol(**changes)
    assert words in str(caught.value)


def test_an_instrument_that_is_unknown_lacks_a_layer_or_refuses_the_clips() -> None:
    with pytest.raises(RequestError, match=r"There is no instrument named 'toi'\. Did you mean 'toy'"):
        resolve_protocol(make_protocol(), "toi", CLIP, ToyHost())
    with pytest.raises(RequestError, match="'fid' reads the layer 'fc7'; the instrument toy has prob"):
        toy_protocol(ToyInstrument(layers=("prob",)))
    with pytest.raises(RequestError, match="refuses clips of 4 frames and 16 pixels: it sees three colours"):
        toy_protocol(clip=Clip(4, 16, 2, channels=1))
    with pytest.raises(RequestError, match="'toy' has no weights here"):
        toy_protocol(ToyInstrument(absent=True))
