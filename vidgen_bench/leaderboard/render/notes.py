"""The sentences below a table: the order, the verdicts, the meaning of ranks and ±, caveats and cautions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from vidgen_bench.escaping import one_line
from vidgen_bench.leaderboard.anchors import Anchors
from vidgen_bench.leaderboard.comparable import MEASURING, Measuring, protocol_of
from vidgen_bench.leaderboard.estimates import FLOORS
from vidgen_bench.leaderboard.ranking import Ranking, backbone_of
from vidgen_bench.leaderboard.render import numbers
from vidgen_bench.leaderboard.render.fooled import fooled
from vidgen_bench.leaderboard.render.verdicts_text import (
    alone_lines,
    contradictions,
    resolution_line,
    unranked_lines,
    verdict_lines,
)
from vidgen_bench.leaderboard.rows import Summary
from vidgen_bench.leaderboard.standings import LAST
from vidgen_bench.leaderboard.statistics.verdicts import LEVEL
from vidgen_bench.records.anchors import ANCHORS
from vidgen_bench.records.caveats import CAVEATS
from vidgen_bench.records.distribution_name import OURS

ARROWS = {"higher": "↑", "lower": "↓", "neither": ""}


_LISTED = 3
"""Files that a sentence lists."""

RANKS_NOTHING = "This track ranks nothing: its rows are listed in order, without ranks."

PARAMETERS = "G_t and G: trainable parameters of the temporal generator, and of the whole generator."
"""What two cost columns are, for the formats that have them."""


def heading(ranking: Ranking, metric: str) -> str:
    """Return a column's heading, ``FID ↓``; a second column of a metric also has its distinguishing suffix."""
    entry, (name, _, apart) = ranking.metrics[metric], metric.partition(" ")
    title = entry.title if len(entry.title) <= 12 else name.upper()
    return one_line(" ".join(filter(None, (title, ARROWS[entry.better], apart))))


def identity(ranking: Ranking) -> str:
    """Return the fingerprints and ids that all rows share; they distinguish two tracks with the same name."""
    record = ranking.record
    parts = [
        f"track {record.track.fingerprint}",
        f"data {record.data.name} {record.data.fingerprint[:12]}",
        f"protocol {protocol_of(record)}",
    ]
    if others := tuple(p for p in ranking.measured_by if p[2] != OURS):
        parts.append(f"measured by {_owned(others)}")
    if ranking.device_model:
        parts.append(f"on {ranking.device_model}")
    return one_line(" · ".join(parts))


def notes(ranking: Ranking, listed_by: str = "") -> list[str]:
    """Return the sentences below a table; ``listed_by`` is the column by which its rows are listed, if that is a reader's choice."""
    anchors = [s for found in ranking.anchors.scores.values() for name, s in found.items() if name in ranking.metrics]
    lines = [_order(ranking, listed_by), *verdict_lines(ranking), resolution_line(ranking), *contradictions(ranking)]
    lines += [*alone_lines(ranking), *unranked_lines(ranking), *_ranks(ranking), *_intervals(ranking)]
    lines += [anchor_sentence(ranking.anchors.scores), *anchor_spread(anchors)]
    if not ranking.ranked:
        lines.append(RANKS_NOTHING)
    if any(r.row.external for r in ranking.rows):
        lines.append(
            "External: clips from another program, measured in the same way; their training is unknown, so they have no rank."
        )
    lines += _kinds(ranking)
    lines += [*_published(ranking), *_protocols(ranking), *_cautions(ranking)]
    lines += [anchor_caution(ranking.anchors), *fooled(ranking.anchors.scores, ranking.metrics)]
    return [one_line(line) for line in (*filter(None, lines), *_versions(ranking))]


def _ranks(ranking: Ranking) -> Iterator[str]:
    """Yield what a rank means, and the family that its correction covers."""
    if not any(standing.ranks.keys() - standing.alone for standing in ranking.standings.values()):
        return
    family, each = ("this table", "") if ranking.family == "table" else ("each backbone", " and backbone")
    yield (
        f"Ranks: 1-2 means that the order of two rows may be chance. Welch's t-test compares the scores of seeds "
        f"{numbers.seeds(ranking.seeds)} of all pairs of {family}; Holm's correction keeps the probability of any wrong "
        f'"better" at {LEVEL} or less, per metric{each}.'
    )
    if ranking.family == "table" and len({backbone_of(r.row) for r in ranking.rows if r.ranks}) > 1:
        yield "More rows make ranks wider. To compare temporal generators, use --within backbone: fewer pairs, narrower ranks."


def _intervals(ranking: Ranking) -> Iterator[str]:
    """Yield what ± means in the rows."""
    shown = [r for r in ranking.rows if r.row.diverged < len(r.row.entries)]
    found = [e.interval for r in shown for m, e in r.estimates.items() if m in ranking.metrics]
    if any(i and not i.borrowed for i in found):
        yield "± of a row: 95 % confidence interval of the mean over its seeds."
    if any(i and i.borrowed for i in found):
        yield (
            f"(±) of a row with one seed: from the spread between the seeds of the other rows. With probability 0.95, the mean of an "
            f"equally good row with {len(ranking.seeds)} seeds lies within it."
        )
    if any(i is None for i in found):
        yield "A row without ± has one seed: nothing is known about its spread between seeds."
    if any(0 < len(r.diverged) < LAST and r.ranks for r in ranking.rows):
        yield (
            "A diverged seed counts as the worse of the floors grey and noise. This worsens its row's mean but also widens its ±: such a "
            "row is rarely separated from others, even from much better ones."
        )


def _kinds(ranking: Ranking) -> Iterator[str]:
    """Yield what the words class-conditional, reconstruction and null model mean, where a table has them."""
    if ranking.conditional:
        yield "Class-conditional: these models are given a class for each clip, and are never ranked with unconditional ones."
    elif ranking.apart:
        yield "Unconditional: the class-conditional models on this track have a table of their own."
    if any(r.row.reconstruction for r in ranking.rows):
        yield "Reconstruction: no code of this backbone was published, so the author of its plugin chose some of its constants."
    if nulls := [r.label for r in ranking.rows if r.row.null]:
        yield f"Null models: {', '.join(nulls)}. By construction their latents carry no motion: what a temporal generator must beat."


def _published(ranking: Ranking) -> Iterator[str]:
    """Yield where published numbers are from, what ± means there, and what is known to be wrong with them."""
    for source, meaning in dict.fromkeys((line.source, line.meaning) for line in ranking.published):
        yield f"Published: {source}, under its own protocol and never ranked here; {meaning}."
    for error in dict.fromkeys(e for line in ranking.published for e in line.errors):
        names = ", ".join(line.system for line in ranking.published if error in line.errors)
        yield f"Known error, {names}: {error}"


def _owned(plugins: Measuring) -> str:
    return ", ".join(f"{name} of {distribution}" for _, name, distribution in plugins)


def _protocols(ranking: Ranking) -> list[str]:
    """Return the caveats of the columns, their protocols, and the third-party plugins that measured them."""
    shown = ranking.metrics
    lines = [CAVEATS.get(c, f"{c}.") for c in dict.fromkeys(e.caveat for e in shown.values() if e.caveat)]
    own, others, makers = protocol_of(ranking.record), dict[str, list[str]](), dict[str, list[str]]()
    for metric, column in shown.items():
        if column.source.protocol != own and not column.extra:
            others.setdefault(column.source.protocol, []).append(heading(ranking, metric))
        if further := tuple(p for p in column.source.others if p not in ranking.measured_by):
            makers.setdefault(_owned(further), []).append(heading(ranking, metric))
    lines += [f"{', '.join(names)}: protocol {protocol}." for protocol, names in others.items()]
    if any(c.extra and c.source.protocol != own for c in shown.values()):
        lines.append("Extra metrics have their own protocol ids; see the records or --format json.")
    return lines + [f"{', '.join(names)}: measured by {by}." for by, names in makers.items()]


def _cautions(ranking: Ranking) -> list[str]:
    """Return cautions about contradictory records and about rows whose runs have different numbers of batches."""
    lines = []
    for metric, column in ranking.metrics.items():
        if column.disputed:
            lines.append(
                f"Caution: {heading(ranking, metric)} is shown as {column.better} is better, as in most records, but "
                f"not in {_first(column.disputed)}. Was one edited by hand?"
            )
    for ranked in ranking.rows:
        counts = {m: {len(r.scores[m].values) for r in ranked.row.records if m in r.scores} for m in ranking.metrics}
        uneven = [f"{heading(ranking, m)} {', '.join(map(str, sorted(n)))}" for m, n in counts.items() if len(n) > 1]
        if uneven:
            lines.append(
                f"Caution: the runs of {ranked.spec} have scores of different numbers of batches: {'; '.join(uneven)}."
            )
    return lines


def _first(files: Sequence[str]) -> str:
    more = f" and {len(files) - _LISTED} more" if len(files) > _LISTED else ""
    return f"{', '.join(files[:_LISTED])}{more}"


def _order(ranking: Ranking, listed_by: str) -> str:
    """Return a sentence on the order of the rows and the samples behind their scores."""
    select, rows = ranking.select, [row.row for row in ranking.rows]
    scored = [r for row in rows for r in row.records if select in r.scores and r.status != "diverged"]
    runs = [r for r in scored if r.external is None]
    if not scored:
        return "No run of this track finished."
    of = runs or scored
    stamp = of[0].protocols.get(of[0].metrics[select].protocol)
    batches = numbers.span([len(r.scores[select].values) for r in of])
    each = f" of {stamp.protocol['samples']}" if stamp else ""
    drawn = f"{batches} batch{'' if batches == '1' else 'es'}{each}"
    direction = "highest first" if ranking.better == "neither" else f"{ranking.better} is better"
    inside = " inside each backbone" if ranking.family == "backbone" else ""
    ordered = f"Ordered by {ranking.metrics[select].title}{inside}, {direction}."
    if listed_by and listed_by != select:
        column = ranking.metrics[listed_by].title if listed_by in ranking.metrics else listed_by
        ordered = (
            f"Listed by {column}{inside}; ranks do not depend on this order. {ordered.replace('Ordered', 'Ranked')}"
        )
    if not runs:
        return f"{ordered} All scores are of external clips, in {drawn}."
    by = next((r.best.metric for r in runs if r.best), select)
    scores = "Scores of runs" if any(row.external for row in rows) else "Scores"
    title = ranking.metrics[by].title if by in ranking.metrics else by
    return f"{ordered} {scores} are from the checkpoint with the best {title}, on {drawn} fresh samples."


def anchor_sentence(names: Iterable[str]) -> str:
    """Return a sentence that explains the anchors with these names; empty if there are none."""
    parts = dict.fromkeys(ANCHORS[name].sentence for name in names if name in ANCHORS)
    return f"Anchors, measured in the same way: {'; '.join(parts)}." if parts else ""


def anchor_caution(anchors: Anchors) -> str:
    """Return a sentence that names the anchors on which the records disagree; empty if there are none."""
    if not anchors.disagree:
        return ""
    caution = f"Caution: the records disagree on the anchors {', '.join(anchors.disagree)}; were they measured in the same way?"
    floors = [anchor for anchor in anchors.unsettled if anchor.split(" ")[0] in FLOORS]
    if not floors:
        return f"{caution} The median is shown."
    return f"{caution} No majority agrees on {', '.join(floors)}: in that metric, a diverged seed has no score."


def anchor_spread(anchors: Iterable[Summary]) -> list[str]:
    """Return the sentence that explains ± of anchors, if any has one."""
    with_spread = any(s.std is not None for s in anchors)
    return ["± of an anchor: population standard deviation over its batches."] if with_spread else []


def _versions(ranking: Ranking) -> list[str]:
    measured = _several(_measuring_versions(ranking))
    lines = [f"Caution: the rows were measured with several versions of {n}: {v}." for n, v in measured.items()]
    for row in ranking.rows:
        lines += [
            f"Caution: the runs of {row.spec} used several versions of {name}: {versions}."
            for name, versions in _several(row.row.distributions).items()
            if name not in measured
        ]
    return lines


def _measuring_versions(ranking: Ranking) -> dict[str, set[str]]:
    """Return the versions of the harness and of the measuring plugins behind the scores of a ranking."""
    found: dict[str, set[str]] = {}
    scored = [r for row in ranking.rows for r in row.row.records if r.scores]
    if scored:
        found[OURS] = {record.version for record in scored}
    for plugins in {id(r.plugins): r.plugins for r in scored}.values():  # many records share them
        for plugin in plugins:
            if plugin.kind in MEASURING:
                found.setdefault(plugin.distribution, set()).add(plugin.version)
    return found


def _several(versions: dict[str, set[str]]) -> dict[str, str]:
    return {name: ", ".join(sorted(seen)) for name, seen in versions.items() if len(seen) > 1}
