"""Runs the conformance kit and returns what failed."""

from __future__ import annotations

from vidgen_bench.conformance import Nonconformance, cases
from vidgen_bench.host.host import Host


def failures(name: str, host: Host) -> dict[str, str]:
    """Return the text of each check that fails."""
    found: dict[str, str] = {}
    for case in cases(name, host):
        try:
            case()
        except Nonconformance as failure:
            found.setdefault(case.check, str(failure))
    return found
