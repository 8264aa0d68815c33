"""The page ``leaderboards/README.md``: the tables of the submitted records, how far they were checked, and what was withdrawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import get_args

from vidgen_bench.escaping import markdown, markdown_code
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.errata import Erratum
from vidgen_bench.leaderboard.ranking import rankings
from vidgen_bench.leaderboard.render.markdown import render_markdown
from vidgen_bench.leaderboard.submissions.attestation import Attestation, Badge
from vidgen_bench.leaderboard.submissions.layout import attestation_name
from vidgen_bench.leaderboard.submissions.tombstone import Tombstone

_HEAD = """# Leaderboards

Results that were sent in, one file per seed. `vidgen-bench verify leaderboards --write` makes this page from them; do not edit it.
[How to send in a result](../docs/sending-in-results.md).

- self-reported: the record was checked, the run was not repeated.
- re-run: maintainers ran every seed again and got the same bytes.
- re-run in part: maintainers ran every seed again up to an evaluation at least, and got the same losses and scores until there.
- recomputed: maintainers scored the checkpoint of every seed again.
"""


def badge(paths: Sequence[str], attested: Mapping[str, Attestation]) -> Badge:
    """Return how far the records with these paths were checked; the weakest counts."""
    found = [attested.get(attestation_name(path)) for path in paths]
    badges: list[Badge] = [a.badge if a else "self-reported" for a in found]
    return min(badges, key=get_args(Badge).index, default="self-reported")


def render_board(
    entries: Sequence[Entry],
    withdrawn: Mapping[str, Tombstone],
    attested: Mapping[str, Attestation],
    errata: Sequence[Erratum] | None = None,
) -> str:
    """Return the text of the page; paths are relative to the folder of the page, ``errata`` are the known errors in its tables."""
    found = rankings(entries, errata=errata, withdrawn=withdrawn, extra=False)
    tables = render_markdown(found) if entries else "No results yet.\n"
    parts = [_HEAD, "## Tables\n", tables]
    if entries:
        parts += ["## Results\n", "\n".join(_results(entries, attested)) + "\n"]
    if withdrawn:
        lines = [f"- {markdown_code(path)}, {t.date}: {markdown(t.reason)}" for path, t in sorted(withdrawn.items())]
        parts += ["## Withdrawn\n", "\n".join(lines) + "\n"]
    return "\n".join(parts)


def _results(entries: Sequence[Entry], attested: Mapping[str, Attestation]) -> Iterator[str]:
    """Yield one line per folder of a spec: its seeds and its badge."""
    folders: dict[str, list[str]] = {}
    for entry in sorted(entries, key=lambda e: (str(e.path.parent), e.record.seed)):
        folders.setdefault(entry.path.parent.as_posix(), []).append(entry.path.as_posix())
    for folder, paths in folders.items():
        seeds = ", ".join(PurePosixPath(p).stem.removeprefix("seed-") for p in paths)
        yield f"- [{markdown(folder)}](<{folder}>): seeds {seeds}; {badge(paths, attested)}"
