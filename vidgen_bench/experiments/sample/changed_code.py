"""Warns of code that has changed since it trained the weights that are used."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast

from vidgen_bench.errors import CodeWarning
from vidgen_bench.host.code import SAMPLING, code_of
from vidgen_bench.host.host import Host, Kind
from vidgen_bench.records.code import differing
from vidgen_bench.records.entries import PluginEntry


def warn_of_changed_code(weights: Path, trained: Mapping[str, str], players: Iterable[PluginEntry], host: Host) -> None:
    """Warn if a package that samples depend on is not the one that trained these weights; on one line.

    Args:
        weights: their file or folder.
        trained: the hash of each package that trained them; empty if an earlier version did, which did not keep it.
        players: the backbone and the temporal generator, which are installed.
        host: the installed plugins.
    """
    now = code_of((host.find(cast(Kind, p.kind), p.name) for p in players), host, SAMPLING)
    names = differing(trained, now.packages) + sorted(now.packages.keys() - trained)
    if not trained or not names:
        return
    newest = max((now.sources[name] for name in names), key=lambda source: source.modified)
    have = "has" if len(names) == 1 else "have"
    warnings.warn(
        CodeWarning(
            f"{', '.join(names)} {have} changed since {weights} was trained: these are its weights in the code of now (newest file: "
            f"{newest.newest}, {newest.modified:%Y-%m-%d %H:%M:%S})."
        ),
        stacklevel=3,
    )
