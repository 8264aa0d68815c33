"""The grid of pairs, and the pair that is offered in place of one that was refused."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from tests.unit.test_compose import TRACK, Painter, Table, Walk
from vidgen_bench.api import LatentSpec
from vidgen_bench.compose import compose
from vidgen_bench.errors import RequestError
from vidgen_bench.host import Host
from vidgen_bench.matrix import matrix
from vidgen_bench.nearest import nearest
from vidgen_bench.spec import parse


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
    ("text", "given", "offered"),
    [
        ("painter+mapwalk", {}, "painter+walk"),
        ("mapper+walk", {}, "mapper+mapwalk"),
        ("mapper+walk:wide", {}, "mapper+mapwalk"),
        ("painters+walk", {}, "painter+walk"),
        ("painters+mapwalk", {}, "mapper+mapwalk"),
    ],
)
def test_the_nearest_pair_that_works_is_offered(text: str, given: dict[str, str], offered: str) -> None:
    with pytest.raises(RequestError, match=rf"\. Nearest that works: {offered.replace('+', '[+]')}\.$"):
        compose(text, TRACK, given, table())


def test_without_what_was_given_comes_first() -> None:
    @dataclass(frozen=True)
    class Narrow(Walk):
        def refuses(self, spec: LatentSpec, options: Any) -> str | None:
            return "too wide" if options.hidden > 16 else None

    host = Table(backbone=[PAINTER], temporal=[Narrow(), Equal()])
    for text, given in (("painter+walk", {"temporal.hidden": "20"}), ("painter+walk:wide", {})):
        with pytest.raises(RequestError, match=r"too wide\. Nearest that works: painter[+]walk\.$"):
            compose(text, TRACK, given, host)


def test_the_grid_of_the_installed_plugins_takes_no_torch() -> None:
    code = (
        "import sys; from vidgen_bench.host import Host; from vidgen_bench.matrix import matrix; "
        "from vidgen_bench.track import load_track; cells = matrix(load_track('shapes-smoke'), Host.of_environment()); "
        "print(len(cells) > 1, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "True False\n", done.stdout + done.stderr
