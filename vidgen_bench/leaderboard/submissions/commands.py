"""The command that runs missing seeds of a record's spec."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from vidgen_bench.config.derived_name import DerivedName
from vidgen_bench.config.spec import spelt
from vidgen_bench.config.track import shipped_tracks
from vidgen_bench.leaderboard.submissions.layout import given_options
from vidgen_bench.records.record import Record


def completing_command(record: Record, seeds: Sequence[int]) -> str:
    """Return ``vidgen-bench run SPEC --track ... --set ... --seeds 3,4``, quoted for a shell; a track of your own is ``NAME.toml``."""
    name = DerivedName.parse(record.track.name)
    # a record does not know where the file of a track of your own is
    words = [
        "vidgen-bench",
        "run",
        record.spec,
        "--track",
        name.base if name.base in shipped_tracks() else f"{name.base}.toml",
    ]
    words += ["--budget", name.budget] if name.budget else []
    words += ["--precision", name.precision] if name.precision else []
    for option, value in sorted(given_options(record).items()):
        words += ["--set", f"{option}={spelt(value)}"]
    return shlex.join([*words, "--seeds", ",".join(map(str, seeds))])
