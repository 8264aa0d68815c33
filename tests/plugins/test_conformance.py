"""The conformance checks on every installed backbone and temporal generator."""

from __future__ import annotations

import dataclasses

import pytest

from tests.kit.conformance import MODEL_CHECKS as CHECKS
from tests.kit.pairs import is_representative, slow_beyond_the_paper
from tests.kit.wrong import host_of
from vidgen_bench.api import Temporal
from vidgen_bench.config.spec import parse
from vidgen_bench.conformance import Case, cases
from vidgen_bench.host.host import Host

HOST = Host.of_environment()

CASES = {
    str(case): case
    for kind in ("backbone", "temporal")
    for f in HOST.of(kind)
    for case in cases(f.name, HOST)
    if is_representative(case.subject)
}
"""Each once, though a pair is a case of either side; `vidgen-bench plugins check` tries every pair."""


def marks(spec: str) -> tuple[pytest.MarkDecorator, ...]:
    """Return ``slow`` for a variant, too: its pair has been checked in full."""
    return (pytest.mark.slow,) if ":" in spec else slow_beyond_the_paper(spec)


@pytest.mark.parametrize("case", [pytest.param(c, id=name, marks=marks(c.subject)) for name, c in CASES.items()])
def test_conformance(case: Case) -> None:
    case()


def test_the_paper_is_covered_by_every_check() -> None:
    backbones = {"tgan", "mocogan", "tganv2"}
    checked = {check.name: {c.subject for c in CASES.values() if c.check == check.name} for check in CHECKS}
    specs = {f"{b}+{t}" for b in backbones for t in ("ode1", "ode2", "ode3", "sde")} | {"tgan+conv1d", "mocogan+gru"}
    for check in CHECKS:
        if check.name == "labels":  # of class-conditional backbones, which the paper does not train
            assert not checked[check.name] & specs
        elif check.name == "null":
            assert checked[check.name] >= {"tgan+constant", "tgan+iid", "mocogan+iid"}
        elif check.scope == "declaration":
            assert checked[check.name] >= backbones | {"vgan", "ode1", "sde", "convlstm"}
        else:
            assert checked[check.name] >= {s for s in specs if check.name != "reversal" or "+ode" in s}
            assert ("tgan+ode1:equal" in checked[check.name]) == (check.scope == "pair and variants")


def test_a_backbone_without_a_latent_path_gets_the_same_checks() -> None:
    """The contract allows one; it has no pairs, but gets every check that applies."""
    checked = cases("lone", host_of("tests.kit.lone_backbone"))
    assert {(c.check, c.subject) for c in checked} == {
        (check.name, "lone") for check in CHECKS if check.name not in ("labels", "reversal", "null", "renderer")
    }
    for case in checked:
        case()


def test_pairings_name_options_that_exist() -> None:
    """Those whose both sides are installed must be buildable; the others must name a temporal generator that is."""
    pairings = [f.declaration for f in HOST.of("pairing")]
    assert pairings
    for pairing in pairings:
        spec = parse(pairing.spec)
        assert spec.temporal is not None
        temporal: Temporal = HOST.find("temporal", spec.temporal).declaration
        assert spec.variant is None or spec.variant in temporal.variants
        names = {f.name for f in dataclasses.fields(temporal.options)}
        assert {k.removeprefix("temporal.") for k in pairing.options if k.startswith("temporal.")} <= names
