"""Suggests the nearest pair that fits when a pair is refused."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from vidgen_bench.compose.pair import Pair, fit
from vidgen_bench.config.spec import Spec
from vidgen_bench.config.track import Track
from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.host.host import Host, Kind


def nearest(spec: Spec, track: Track, given: Mapping[str, Any], host: Host) -> Pair | None:
    """Return the first of these that fits, or None: the spec without given options, without its variant, or with another temporal
    generator (``tganv2+gru``: convgru) or another backbone, the most similar name first.
    """
    for candidate, options in _candidates(spec, given, host):
        try:
            return fit(candidate, track, options, host, counted=False)
        except VidgenBenchError:
            continue
    return None


def _candidates(spec: Spec, given: Mapping[str, Any], host: Host) -> Iterator[tuple[Spec, Mapping[str, Any]]]:
    plain = dataclasses.replace(spec, variant=None)
    if given:
        yield spec, {}
    if spec.variant:
        yield plain, {}
    for name in _by_similarity(spec.temporal or "", host, "temporal"):
        yield dataclasses.replace(plain, temporal=name), {}
    for name in _by_similarity(spec.backbone, host, "backbone"):
        yield dataclasses.replace(plain, backbone=name), {}


def _by_similarity(name: str, host: Host, kind: Kind) -> list[str]:
    others = {f.name for f in host.of(kind)} - {name}
    return sorted(others, key=lambda other: (-difflib.SequenceMatcher(None, name, other).ratio(), other))
