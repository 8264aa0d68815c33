"""The grid of pairs, and the pair that is offered in place of one that was refused."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from tests.kit.toy_declarations import TRACK, Painter, Table, Walk
from vidgen_bench.api import LatentSpec
from vidgen_bench.compose.composition import compose
from vidgen_bench.compose.matrix import matrix
from vidgen_bench.compose.suggestion import nearest
from vidgen_bench.config.spec import parse
from vidgen_bench.errors import PluginError, RequestError
from vidgen_bench.host.host import Host


@dataclass(frozen=True)
class MapWalk(Walk):
    """Takes maps alone."""

    name: str = "mapwalk"

    def refuses(self, spec: LatentSpec, options: Any) -> str | None:
        return None if len(spec.shape) == 3 else "it takes maps"


@dataclass(frozen=True)
class Equal(Walk):
    """Wants to know the parameter count of the backbone's own."""

    name: str = "equal"

    def refuses(self, spec: LatentSpec, options: Any) -> str | None:
        return "it needs a count" if spec.parameters is None else None


PAINTER = Painter()
MAPPER = Painter(name="mapper", own="mapwalk", shape=(2, 3, 3))
ALONE = Painter(name="painters", own=None, shape=None)


def table() -> Host:
    return Table(backbone=[PAINTER, MAPPER, ALONE], temporal=[Walk(), MapWalk(), Equal()])


def test_every_pair_has_its_cell_and_the_reason_why_not() -> None:
    cells = {cell.spec: cell for cell in matrix(TRACK, table())}
    assert list(cells) == [
        "painter+walk", "painter+mapwalk", "painter+equal", "mapper+walk", "mapper+mapwalk", "mapper+equal",
        "painters", "painters+walk", "painters+mapwalk", "painters+equal",
    ]  # fmt: skip
    assert {s for s, c in cells.items() if c.reason is None} == {
        "painter+walk", "painter+equal", "mapper+mapwalk", "mapper+equal", "painters",
    }  # fmt: skip
    assert {s for s, c in cells.items() if c.own} == {"painter+walk", "mapper+mapwalk"}
    assert "it takes maps" in (cells["painter+mapwalk"].reason or "")
    assert "no latent path through time" in (cells["painters+walk"].reason or "")


def test_a_backbone_that_refuses_the_clips_refuses_with_everybody() -> None:
    host = Table(backbone=[Painter(refusal="clips must be longer")], temporal=[Walk(), MapWalk()])
    assert all("clips must be longer" in (cell.reason or "") for cell in matrix(TRACK, host))
    assert nearest(parse("painter+walk"), TRACK, {}, host) is None


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("painter+mapwalk", "painter+walk"),
        ("mapper+walk", "mapper+mapwalk"),
        ("mapper+walk:wide", "mapper+mapwalk"),
        ("painters+walk", "painter+walk"),
        ("painters+mapwalk", "mapper+mapwalk"),
    ],
)
def test_the_nearest_pair_that_works_is_offered(text: str, offered: str) -> None:
    with pytest.raises(RequestError, match=rf"\. Nearest that works: {offered.replace('+', '[+]')}\.$"):
        compose(text, TRACK, {}, table())


def test_without_what_was_given_comes_first() -> None:
    @dataclass(frozen=True)
    class Narrow(Walk):
        def refuses(self, spec: LatentSpec, options: Any) -> str | None:
            return "too wide" if options.hidden > 16 else None

    host = Table(backbone=[PAINTER], temporal=[Narrow(), Equal()])
    with pytest.raises(RequestError, match=r"too wide\. Nearest that works: painter[+]walk without --set\.$"):
        compose("painter+walk", TRACK, {"temporal.hidden": "20"}, host)
    with pytest.raises(RequestError, match=r"too wide\. Nearest that works: painter[+]walk\.$"):
        compose("painter+walk:wide", TRACK, {}, host)


@dataclass(frozen=True)
class Stumbling(Walk):
    """A stranger's, which does not expect vectors and does not say so."""

    name: str = "stumbling"

    def refuses(self, spec: LatentSpec, options: Any) -> str | None:
        _channels, height, width = spec.shape
        return None if height == width else "the map must be square"


@dataclass(frozen=True)
class Falling(Painter):
    """A stranger's backbone that has a fault in one of its answers."""

    name: str = "falling"

    def latent(self, clip: Any, options: Any) -> LatentSpec | None:
        raise KeyError("sizes")


def test_a_strangers_fault_is_told_with_its_name_and_stops_nobody_else() -> None:
    host = Table(backbone=[PAINTER, Falling()], temporal=[Walk(), Stumbling(), MapWalk()])
    cells = {cell.spec: cell.reason for cell in matrix(TRACK, host)}
    assert cells["painter+walk"] is None
    fault = "The temporal generator 'stumbling' of test-plugins 1.0 (entry point 'test') failed: ValueError: not enough values"
    assert (cells["painter+stumbling"] or "").startswith(fault)
    assert "The backbone 'falling' of test-plugins 1.0" in (cells["falling+walk"] or "")
    with pytest.raises(PluginError, match="'stumbling' of test-plugins"):
        compose("painter+stumbling", TRACK, {}, host)
    with pytest.raises(RequestError, match=r"it takes maps\. Nearest that works: painter[+]walk\."):
        compose("painter+mapwalk", TRACK, {}, host)


@dataclass(frozen=True)
class Careless(Equal):
    """Reads the count and catches whatever happens."""

    name: str = "careless"

    def refuses(self, spec: LatentSpec, options: Any) -> str | None:
        try:
            return None if spec.parameters else "it needs a count"
        except Exception:
            return "something happened"


def test_who_reads_the_count_gets_it_whatever_he_catches() -> None:
    (cell,) = [
        c for c in matrix(TRACK, Table(backbone=[PAINTER], temporal=[Walk(), Careless()])) if c.temporal == "careless"
    ]
    assert cell.reason is None


def test_the_grid_of_the_installed_plugins_takes_no_torch() -> None:
    code = (
        "import sys; from vidgen_bench.host.host import Host; from vidgen_bench.compose.matrix import matrix; "
        "from vidgen_bench.config.track import load_track; cells = matrix(load_track('shapes-smoke'), Host.of_environment()); "
        "print(len(cells) > 1, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "True False\n", done.stdout + done.stderr


@pytest.mark.parametrize("spec", ["tganv2+gru", "mocogan+convlstm", "vgan+ode1", "tgan+od1"])
def test_a_pair_that_is_refused_takes_no_torch(spec: str) -> None:
    code = (
        "import sys; from pathlib import Path; from vidgen_bench.host.host import Host\n"
        "from vidgen_bench.experiments.run.plan import Request, make_plan\n"
        "from vidgen_bench.errors import RequestError\n"
        f"try: make_plan(Request({spec!r}), Host.of_environment())\n"
        "except RequestError as error: print('torch' in sys.modules, str(error)[-40:])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("False "), done.stdout + done.stderr
