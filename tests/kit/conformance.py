"""Runs the conformance kit and returns what failed."""

from __future__ import annotations

from vidgen_bench.conformance import CHECKS, Nonconformance, cases
from vidgen_bench.host.host import Host

MODEL_CHECKS = tuple(c for c in CHECKS if c.scope not in ("launcher", "metric") and c.name != "refusal")
"""The checks of backbones and temporal generators; those of launchers and metrics have tests of their own."""


def failures(name: str, host: Host) -> dict[str, str]:
    """Return the text of each check that fails."""
    found: dict[str, str] = {}
    for case in cases(name, host):
        try:
            case()
        except Nonconformance as failure:
            found.setdefault(case.check, str(failure))
    return found
