"""Declarations are validated when a plugin loads, and a fault is reported with the name of the declaration."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from tests.kit.valid_declarations import Options, _nothing, backbone, temporal
from vidgen_bench.api import NoOptions, Pairing, option
from vidgen_bench.host.declarations import complete, fault


@dataclass
class Thawed:
    """Not frozen."""

    hidden: int = option(64, "width")


@dataclass(frozen=True)
class NoDefault:
    """A field without a default."""

    hidden: int


@dataclass(frozen=True)
class TakenName:
    """An option with the reserved name."""

    variant: str = option("a", "a word already taken")


def test_valid_declarations_have_no_fault() -> None:
    assert fault("temporal", temporal()) is None
    assert fault("temporal", temporal(api="1.7")) is None
    assert fault("backbone", backbone()) is None
    assert fault("pairing", Pairing("gan+still", {"temporal.hidden": 3}, "r")) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ...}, "has no text 'name'"),
        ({"summary": 3}, "has no text 'summary'"),
        ({"reference": ...}, "has no text 'reference'"),
        ({"api": ...}, "temporal 'still': 'api' is None, expected the version of vidgen_bench.api it was written for"),
        ({"api": "new"}, "'api' is 'new', expected the version"),
        ({"api": 1}, "'api' is 1, expected the version"),
        (
            {"api": "2.0"},
            "it was written for API 2.0, and this vidgen-bench has 1.3; install a vidgen-bench with API 2",
        ),
        ({"api": "0.9"}, "has 1.3; install a release of the plugin for API 1"),
        ({"name": "Still"}, "the name 'Still' must be lower-case"),
        ({"name": "a+b"}, "the name 'a+b' must be lower-case"),
        ({"can": {"after"}}, "temporal 'still': 'can' is {'after'}, expected frozenset"),
        ({"can": frozenset({"after", "fly"})}, "'can' has ['fly'], expected some of 'after', 'before', 'between'"),
        ({"stochastic": "no"}, "'stochastic' is 'no', expected bool"),
        ({"variants": ...}, "'variants' is missing, expected Mapping"),
        ({"build": ...}, "temporal 'still' has no method 'build'"),
        ({"refuses": None}, "temporal 'still' has no method 'refuses'"),
        ({"options": Options()}, "expected type"),
        ({"options": ...}, "'options' is missing, expected type"),
        ({"options": dict}, "options must be a frozen dataclass"),
        ({"options": Thawed}, "options must be a frozen dataclass"),
        ({"options": NoDefault}, "option 'hidden' has no default"),
        ({"options": TakenName, "sets": {}, "variants": {}}, "may not be named 'variant', the key"),
        ({"sets": {"wdth": 3}}, "its name sets ['wdth'], which Options does not have"),
        ({"variants": {"Wide": {}}}, "the variant 'Wide' must be lower-case letters, digits"),
        ({"variants": {"wide": {"wdth": 3}}}, "wide sets ['wdth'], which Options does not have"),
    ],
)
def test_faults_of_a_temporal_generator(changes: dict[str, Any], words: str) -> None:
    assert words in str(fault("temporal", temporal(**changes)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"own": 3}, "backbone 'gan': 'own' is 3, expected str or NoneType"),
        ({"own": ...}, "'own' is missing"),
        ({"small": ...}, "'small' is missing, expected tuple"),
        ({"reconstruction": None}, "'reconstruction' is None, expected bool"),
        ({"latent": ...}, "backbone 'gan' has no method 'latent'"),
    ],
)
def test_faults_of_a_backbone(changes: dict[str, Any], words: str) -> None:
    assert words in str(fault("backbone", backbone(**changes)))


@dataclass
class NotAPairing:
    """Looks like a pairing, with fields of any type."""

    spec: Any = "gan+still"
    options: Mapping[str, Any] = field(default_factory=dict)
    reference: Any = "r"


@pytest.mark.parametrize(
    ("pairing", "words"),
    [
        (object(), "is not a Pairing(spec, options, reference)"),
        (NotAPairing(spec=3), "is not a Pairing"),
        (NotAPairing(reference=None), "is not a Pairing"),
        (
            NotAPairing(options={"hidden": 3}),
            "pairing 'gan+still' sets 'hidden'; expected backbone.<option> or temporal.<option>",
        ),
        (NotAPairing(options={"track.name": 3}), "sets 'track.name'"),
    ],
)
def test_faults_of_a_pairing(pairing: Any, words: str) -> None:
    assert words in str(fault("pairing", pairing))


def test_faults_of_a_metric_and_a_data_set() -> None:
    metric = SimpleNamespace(
        name="m", summary="s", reference="r", api="1.0", title="M", layer="prob", better="neither",
        view="frozen", needs=frozenset({"moments"}), options=NoOptions,
    )  # fmt: skip
    assert fault("metric", metric) == "metric 'm' has no method 'caveat'"
    metric.caveat = metric.scorer = _nothing
    assert fault("metric", metric) is None
    metric.better = "up"
    assert fault("metric", metric) == "metric 'm': 'better' is 'up', expected one of 'higher', 'lower', 'neither'"
    metric.better, metric.view = "lower", "blurred"
    assert "'view' is 'blurred', expected one of 'as-is', 'shuffled', 'frozen'" in str(fault("metric", metric))
    metric.view, metric.needs = "as-is", frozenset({"pixels"})
    assert (
        fault("metric", metric) == "metric 'm': 'needs' has ['pixels'], expected some of 'moments', 'features', 'clips'"
    )
    metric.needs, metric.options = frozenset(), SimpleNamespace
    assert "options must be a frozen dataclass" in str(fault("metric", metric))
    data_set = SimpleNamespace(name="d", summary="s", reference="r", api="1.0")
    assert fault("data set", data_set) == "data set 'd' has no method 'locate'"


def test_faults_of_what_a_metric_reads() -> None:
    metric = SimpleNamespace(
        name="m", summary="s", reference="r", api="1.3", title="M", better="neither", view="as-is",
        needs=frozenset({"clips", "moments"}), options=NoOptions, scorer=_nothing,
    )  # fmt: skip
    complete("metric", metric)
    assert (metric.layer, metric.features) == ("", None)
    assert fault("metric", metric) == "metric 'm': 'needs' has 'clips', and there is no method 'features'"
    metric.features = _nothing
    assert fault("metric", metric) is None
    metric.layer = "fc7"
    assert fault("metric", metric) == (
        "metric 'm': 'needs' has 'clips' and 'layer' is 'fc7': a metric reads either pixels or a layer"
    )
    metric.layer, metric.needs = "", frozenset({"moments"})
    assert fault("metric", metric) == (
        "metric 'm': 'layer' is '', expected a layer of the instrument, or needs with 'clips'"
    )


def test_a_declaration_says_only_what_it_has() -> None:
    plain, metric = temporal(), SimpleNamespace(name="plain")
    del plain.sets, plain.variants
    assert fault("temporal", plain) is not None
    assert complete("temporal", plain) is plain
    assert (plain.sets, plain.variants, fault("temporal", plain)) == ({}, {}, None)
    assert complete("metric", metric) is metric
    assert metric.caveat(2, 1000) == ""
    named = temporal(variants={"wide": {}})
    assert complete("temporal", named) is named
    assert named.variants == {"wide": {}}


class SlottedInstrument:
    """Written for the contract before instruments had optional parts; its attributes cannot be set."""

    __slots__ = ("summary",)
    name, api, reference = "slotted", "1.0", "none"
    layers, preprocessings = ("fc7",), ("tgan",)

    def __init__(self) -> None:
        self.summary = "an instrument"

    def refuses(self, clip: Any) -> None: ...
    def sha256(self) -> str:
        return "ab" * 32

    def build(self, preprocessing: str) -> Any: ...


class NamedInstrument(NamedTuple):
    """The same as a named tuple."""

    name: str = "named"
    api: str = "1.0"
    summary: str = "an instrument"
    reference: str = "none"
    layers: tuple[str, ...] = ("fc7",)
    preprocessings: tuple[str, ...] = ("tgan",)

    def refuses(self, clip: Any) -> None: ...
    def sha256(self) -> str:
        return "ab" * 32

    def build(self, preprocessing: str) -> Any: ...


class ClassInstrument:
    """The same as a class that is its own declaration."""

    name, api, summary, reference = "class", "1.0", "an instrument", "none"
    layers, preprocessings = ("fc7",), ("tgan",)
    refuses = sha256 = build = staticmethod(lambda *arguments: None)


@pytest.mark.parametrize("declaration", [SlottedInstrument(), NamedInstrument(), ClassInstrument])
def test_defaults_need_no_attribute_that_can_be_set(declaration: Any) -> None:
    completed = complete("instrument", declaration)
    assert fault("instrument", completed) is None
    assert (completed.importer, completed.trainer, completed.self_test, completed.details()) == (None, None, None, {})
    assert (completed.name, completed.layers) == (declaration.name, ("fc7",))
    with pytest.raises((AttributeError, TypeError)) if declaration is not ClassInstrument else nullcontext():
        completed.layers = ()
    ClassInstrument.layers = ("fc7",)
