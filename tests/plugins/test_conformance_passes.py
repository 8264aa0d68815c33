"""Every check of the conformance kit passes for honest plugins that work in a way of their own."""

from __future__ import annotations

import pytest

from tests.kit.conformance import failures
from tests.kit.wrong import host_of
from vidgen_bench.host.host import Host

ATTENTION = host_of("tests.kit.wrong.right", "tests.kit.honest.attention")
BEGINNINGS = host_of("tests.kit.wrong.right", "tests.kit.honest.beginnings")

HONEST = (
    ("attending", ATTENTION),
    ("sloped", ATTENTION),
    ("projecting", ATTENTION),
    ("averaging", ATTENTION),
    ("unpacking", ATTENTION),
    ("kinked", BEGINNINGS),
    ("kinked-by-frame", BEGINNINGS),
    ("swinging", BEGINNINGS),
    ("embedding", BEGINNINGS),
    ("single", BEGINNINGS),
    ("gated", BEGINNINGS),
    ("tuned", BEGINNINGS),
    ("hinged", BEGINNINGS),
    ("blank-critic", BEGINNINGS),
    ("blank-generator", BEGINNINGS),
    ("blank", BEGINNINGS),
    ("orthogonal", BEGINNINGS),
    ("odd", BEGINNINGS),
)
"""The name of a plugin, and a host of it and its neighbours."""


QUICK = {"sloped", "unpacking"}
"""Plugins of which all checks take a second or two."""


@pytest.mark.parametrize(
    ("name", "host"),
    [pytest.param(*one, marks=[] if one[0] in QUICK else [pytest.mark.slow], id=one[0]) for one in HONEST],
)
def test_an_honest_plugin_passes_every_check(name: str, host: Host) -> None:
    assert failures(name, host) == {}


def test_every_honest_plugin_is_tried() -> None:
    hosts = {id(host): host for _, host in HONEST}.values()
    assert {name for name, _ in HONEST} == {f.name for host in hosts for f in host.plugins} - {"tiny", "glide"}
    assert not [broken for host in hosts for broken in host.broken]
