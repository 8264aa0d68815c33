"""Protocols: what the id covers and what it does not, and what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.kit.toy_protocol import make_protocol
from vidgen_bench.config.protocol import Protocol, Stamp, adjusted, load_protocol, shipped_protocols
from vidgen_bench.errors import RequestError
from vidgen_bench.host.host import Host
from vidgen_bench.measure.resolved_protocol import with_every_option


def stamp(protocol: Protocol | None = None, **changes: Any) -> Stamp:
    table = {"protocol": (protocol or make_protocol()).declared, "instrument": "toy", "sha256": "ab", "real": "cd"}
    return Stamp.model_validate(table | changes)


def test_every_shipped_protocol_is_valid_and_named_as_its_file() -> None:
    assert [load_protocol(name).name for name in shipped_protocols()] == shipped_protocols()
    assert {"c3d-tgan", "c3d-tganv2", "c3d-stylegan-v", "fvd-2048-16f"} <= set(shipped_protocols())


def test_a_score_without_motion_is_taken_by_the_rule_of_the_score_itself() -> None:
    for protocol in map(load_protocol, shipped_protocols()):
        for name in protocol.extra:
            base = name.removesuffix("-shuffled").removesuffix("-frozen")
            if base != name and base in protocol.options and protocol.name != "c3d-tgan":  # whose rule is the default
                assert protocol.options.get(name) == protocol.options[base], (protocol.name, name)


def test_an_id_has_words_to_read_and_a_hash() -> None:
    words, _, tail = stamp().id.rpartition("#")
    assert words == "toy-means-v1 n=4 toy float32 "
    assert len(tail) == 12
    assert int(tail, 16) >= 0
    assert "toy float32 resize=64 trim=16 #" in stamp(changes=("resize=64", "trim=16")).id


@pytest.mark.parametrize(
    "changed",
    [
        stamp(make_protocol(name="other")),
        stamp(make_protocol(version=2)),
        stamp(make_protocol(samples=5)),
        stamp(make_protocol(frames=5)),
        stamp(make_protocol(preprocessing="doubled")),
        stamp(make_protocol(precision="bf16")),
        stamp(make_protocol(options={"is": {"splits": 2}})),
        stamp(make_protocol(options={"is": {"epsilon": 1e-20}})),
        stamp(make_protocol(layers={"fid": "prob"})),
        stamp(make_protocol(real={"passes": 3})),
        stamp(make_protocol(real={"clips": 8})),
        stamp(make_protocol(real={"passes": 2, "augment": ["flip"]})),
        stamp(sha256="ac"),
        stamp(real="ce"),
        stamp(changes=("resize=64",)),
        stamp(changes=("trim=16",)),
    ],
    ids=lambda s: s.id.partition("#")[0],
)
def test_all_that_a_number_depends_on_changes_the_hash(changed: Stamp) -> None:
    assert changed.id.rpartition("#")[2] != stamp().id.rpartition("#")[2]


@pytest.mark.parametrize(
    "protocol",
    [
        make_protocol(summary="words"),
        make_protocol(source="a paper"),
        make_protocol(metrics=["fid"]),
        make_protocol(extra=["kid"]),
        make_protocol(fixed=True),
        make_protocol(instrument="toy"),
    ],
    ids=["summary", "source", "metrics", "extra", "fixed", "instrument"],
)
def test_words_and_which_metrics_are_asked_for_do_not(protocol: Protocol) -> None:
    assert stamp(protocol).id == stamp().id


def test_a_protocol_that_names_no_layer_has_the_id_from_before_layers() -> None:
    """The hashes were computed before protocols had the key."""
    assert "layers" not in make_protocol().declared
    ids = {name: stamp(load_protocol(name)).id.rpartition("#")[2] for name in BEFORE_LAYERS}
    assert ids == BEFORE_LAYERS


BEFORE_LAYERS = {
    "c3d-tgan": "9458b83dcfb9",
    "c3d-native": "1a451eaefb91",
    "c3d-tganv2": "57938a6b7f10",
    "fvd-2048-16f": "ebde677f5357",
}


def test_the_instrument_counts_by_its_weights_and_not_by_its_name() -> None:
    one, other = stamp().id, stamp(instrument="renamed").id
    assert one.rpartition("#")[2] == other.rpartition("#")[2]


def test_another_process_gives_the_same_id() -> None:
    here = Stamp(protocol=load_protocol("c3d-tgan").declared, instrument="toy", sha256="ab", real="cd").id
    code = (
        "from vidgen_bench.config.protocol import Stamp, load_protocol;"
        "print(Stamp(protocol=load_protocol('c3d-tgan').declared, instrument='toy', sha256='ab', real='cd').id)"
    )
    for salt in ("1", "2"):
        told = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": salt}, capture_output=True, text=True
        )
        assert told.stdout.strip() == here, told.stderr


def written(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text)
    return str(path)


def shipped_text(name: str) -> str:
    return (Path(__file__).parents[3] / "vidgen_bench" / "config" / "protocols" / f"{name}.toml").read_text()


def test_ones_own_file(tmp_path: Path) -> None:
    own = load_protocol(written(tmp_path, shipped_text("c3d-tgan").replace('"c3d-tgan"', '"mine"')))
    assert own == load_protocol("c3d-tgan").model_copy(update={"name": "mine"})


def test_a_file_may_take_a_shipped_name_for_the_very_same_protocol_alone(tmp_path: Path) -> None:
    assert load_protocol(written(tmp_path, shipped_text("c3d-tgan"))) == load_protocol("c3d-tgan")
    with pytest.raises(RequestError, match="uses the name 'c3d-tgan' of a shipped protocol"):
        load_protocol(written(tmp_path, shipped_text("c3d-tgan").replace("1e-7", "1e-6")))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("samples = 2048", "sample = 2048", "sample: unknown key. Did you mean 'samples'?"),
        ("samples = 2048", "samples = 0", "greater than or equal to 1"),
        ("passes = 10", "passes = 10\nclips = 5", "either passes or clips, not both"),
        ("passes = 10", "", "either passes or clips, not both"),
        ("passes = 10", 'passes = 1\naugment = ["turn"]', "'flip' or 'shift-x'"),
        ('"nearest"', '"is"', "the metric 'is' is listed twice"),
        ('name = "c3d-tgan"', 'name = "C3D!"', "expected lower-case letters"),
        ("samples = 2048", 'samples = 2048\nprecision = "half"', "'float32', 'tf32' or 'bf16'"),
        ('metrics = ["is", "fid"]', "metrics = []", "at least 1 item"),
        ("version = 1", "version = ", "is not valid TOML"),
    ],
)
def test_mistakes_in_a_file_are_told(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = shipped_text("c3d-tgan")
    assert old in text
    with pytest.raises(RequestError) as caught:
        load_protocol(written(tmp_path, text.replace(old, new)))
    assert words in str(caught.value)
    assert "mine.toml" in str(caught.value)


def test_unknown_names_and_absent_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"There is no protocol named 'c3d-tgam'\. Did you mean 'c3d-tgan'"):
        load_protocol("c3d-tgam")
    with pytest.raises(RequestError, match=r"absent\.toml cannot be read: No such file"):
        load_protocol(str(tmp_path / "absent.toml"))
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(RequestError, match="cannot be read: Is a directory"):
        load_protocol(str(tmp_path / "folder.toml"))


def test_a_track_sets_what_it_may() -> None:
    protocol = make_protocol()
    changed = adjusted(protocol, {"samples": 9, "metrics": None, "precision": "tf32"})
    assert (changed.samples, changed.metrics, changed.precision) == (9, ("is", "fid"), "tf32")
    assert adjusted(protocol, {"samples": 4}) == protocol


def test_a_promised_number_of_samples_is_kept() -> None:
    fixed = make_protocol(fixed=True)
    assert adjusted(fixed, {"samples": 4, "precision": "bf16"}).samples == 4
    with pytest.raises(RequestError, match="always uses 4 samples, as its name says; found 5"):
        adjusted(fixed, {"samples": 5})


def test_an_extra_metric_that_is_asked_for_as_a_main_one_is_one_metric() -> None:
    changed = adjusted(make_protocol(extra=["kid", "recall"]), {"metrics": ("is", "kid")})
    assert (changed.metrics, changed.extra) == (("is", "kid"), ("recall",))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"metrics": ("is",), "extra": ("is",)}, "listed twice"),
        ({"samples": 0}, "samples"),
        ({"precision": "half"}, "precision"),
    ],
)
def test_changes_are_validated_as_a_file_is(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(RequestError, match=words):
        adjusted(make_protocol(), changes)


TGAN_IS = {"epsilon": 1e-7, "added": "in-logarithms", "splits": 1}
TGANV2_IS = {"epsilon": 1e-20, "added": "to-probabilities", "splits": 1}
STYLEGAN_V_IS = {"epsilon": 0.0, "added": "in-logarithms", "splits": 10}

PROMISED: dict[str, dict[str, Any]] = {
    "c3d-native": {
        "preprocessing": "native", "real": (10, None, ()), "instrument": None, "fixed": False,
        "options": {"is": TGAN_IS, "fid": {}},
    },
    "c3d-tgan": {
        "preprocessing": "tgan", "real": (10, None, ()), "instrument": None, "fixed": False,
        "options": {"is": TGAN_IS, "fid": {}},
    },
    "c3d-tganv2": {
        "preprocessing": "tganv2", "real": (10, None, ("flip", "shift-x")), "instrument": None, "fixed": False,
        "options": {"is": TGANV2_IS, "fid": {}},
    },
    "c3d-stylegan-v": {
        "preprocessing": "tganv2", "real": (10, None, ()), "instrument": None, "fixed": False,
        "options": {"is": STYLEGAN_V_IS, "fid": {}},
    },
    "fvd-2048-16f": {
        "preprocessing": "fvd", "real": (None, 2048, ()), "instrument": "i3d-kinetics400", "fixed": True,
        "options": {"fvd": {"divisor": "n-1"}},
    },
    "fvd-stylegan-v-2048-16f": {
        "preprocessing": "stylegan-v", "real": (None, 2048, ()), "instrument": "i3d-kinetics400", "fixed": True,
        "options": {"fvd": {"divisor": "n"}},
    },
    "motion": {
        "preprocessing": "none", "real": (10, None, ()), "instrument": "pixels", "fixed": False,
        "options": {"motion": {}},
    },
}  # fmt: skip
"""What each protocol measures: a change here makes other numbers, and asks for another version."""


def test_every_shipped_protocol_is_promised_something() -> None:
    assert sorted(PROMISED) == shipped_protocols()


@pytest.mark.parametrize("name", PROMISED)
def test_a_shipped_protocol_measures_what_it_promises(name: str) -> None:
    protocol, promised = with_every_option(load_protocol(name), Host.of_environment()), PROMISED[name]
    real = protocol.real
    assert (protocol.version, protocol.samples, protocol.frames, protocol.precision) == (1, 2048, 16, "float32")
    assert (real.passes, real.clips, real.augment) == promised["real"]
    assert {m: protocol.options[m] for m in protocol.metrics} == promised["options"]
    for key in ("preprocessing", "instrument", "fixed"):
        assert getattr(protocol, key) == promised[key]
    for view in ("is-shuffled", "is-frozen"):  # the same score of the same samples, but for the motion
        assert protocol.options.get(view, promised["options"].get("is")) == promised["options"].get("is")
