"""What a table says in words: what was compared, what ± means, which ranks are not told apart, and what to doubt."""

from __future__ import annotations

from collections.abc import Iterable

from vidgen_bench.leaderboard.ranking import MEASURING, Ranking, protocol_of
from vidgen_bench.leaderboard.rows import Summary

ARROWS = {"higher": "↑", "lower": "↓", "neither": ""}

CAVEATS = {
    "rank-deficient": "Rank-deficient: there are fewer samples than features, so that the samples' covariance is singular and the distance "
    "too large; compare it at equal n only."
}
"""What is known of a caveat, a sentence each."""

OURS = "vidgen-bench"
"""The distribution whose plugins measure where nothing else is said."""


def heading(ranking: Ranking, metric: str) -> str:
    """Return a metric's column heading: ``FID ↓``; the end of the protocol's id with it where two columns are of one metric."""
    entry = ranking.metrics[metric]
    apart = metric.partition(" ")[2]
    return " ".join(
        filter(None, (entry.title if len(entry.title) <= 12 else metric.upper(), ARROWS[entry.better], apart))
    )


def identity(ranking: Ranking) -> str:
    """Return what all rows share, by which two tracks of one name are told apart."""
    record = ranking.record
    parts = [
        f"track {record.track.fingerprint}",
        f"data {record.data.name} {record.data.fingerprint[:12]}",
        f"protocol {protocol_of(record)}",
    ]
    if others := [f"{name} of {distribution}" for _, name, distribution in ranking.measured_by if distribution != OURS]:
        parts.append(f"measured by {', '.join(others)}")
    if ranking.device_model:
        parts.append(f"on {ranking.device_model}")
    return " · ".join(parts)


def notes(ranking: Ranking) -> list[str]:
    """Return the sentences beneath a table."""
    scores = [s for r in ranking.rows for s in r.row.scores.values()]
    lines = [_order(ranking), anchors(ranking.anchors.scores), *spread(scores)]
    if any(r.rank and r.rank[0] != r.rank[1] for r in ranking.rows):
        lines.append("Ranks such as 1-2 are not told apart: two rows are tied where |m1 - m2| <= sqrt(s1² + s2²).")
    if not ranking.ranked:
        lines.append("This track ranks nothing: its rows are listed in order, without ranks.")
    if any(r.row.external for r in ranking.rows):
        lines.append(
            "External: clips that were made elsewhere, measured alike; how they were trained is not known here, so no rank."
        )
    lines += _protocols(ranking)
    if ranking.anchors.disagree:
        disputed = ", ".join(ranking.anchors.disagree)
        lines.append(f"Caution: the records disagree on the anchors {disputed}; were they measured alike?")
    return [*filter(None, lines), *_versions(ranking)]


def _protocols(ranking: Ranking) -> list[str]:
    """Return what is to be known of the columns: their caveats, and the protocols that are not the ranking's own."""
    shown = ranking.metrics.values()
    lines = [CAVEATS.get(c, f"{c}.") for c in dict.fromkeys(e.caveat for e in shown if e.caveat)]
    own, others = protocol_of(ranking.record), dict[str, list[str]]()
    for metric, entry in ranking.metrics.items():
        if entry.protocol != own:
            others.setdefault(entry.protocol, []).append(heading(ranking, metric))
    return lines + [f"{', '.join(names)}: protocol {protocol}." for protocol, names in others.items()]


def _order(ranking: Ranking) -> str:
    if ranking.select not in ranking.metrics:
        return "No run of this track finished."
    record, title = ranking.record, ranking.metrics[ranking.select].title
    stamp, score = record.protocols.get(protocol_of(record)), record.scores.get(ranking.select)
    samples = stamp.protocol.get("samples") if stamp else None
    drawn = f", on {len(score.values)} x {samples} fresh samples" if samples and score else ""
    by = record.best.metric if record.best else ranking.select
    which = "it" if by == ranking.select else by
    return (
        f"Ordered by {title}, {ranking.better} is better. Scores are of the checkpoint that was best by {which}{drawn}."
    )


def anchors(names: Iterable[str]) -> str:
    """Return what the anchors of these names are, in a sentence."""
    empty = "grey and noise show nothing"
    known = {"real": "real is held-out clips of the data set", "grey": empty, "noise": empty}
    said = dict.fromkeys(known[name] for name in names if name in known)
    return f"Anchors, measured alike: {'; '.join(said)}." if said else ""


def spread(scores: Iterable[Summary]) -> list[str]:
    """Return what ± means in these scores, a sentence each."""
    scores = list(scores)
    kinds = {s.over for s in scores if s.std is not None}
    lines = []
    if "batches" in kinds:
        over = "population standard deviation over its final batches; it says nothing about other seeds"
        lines.append(f"± of one seed: {over}.")
    if "seeds" in kinds:
        lines.append("± of several seeds: sample standard deviation between the means of the seeds.")
    if any(s.std is None for s in scores):
        lines.append("A score without ± is a single value: its spread is not known, and it is tied with every row.")
    return lines


def _versions(ranking: Ranking) -> list[str]:
    measured = _several(_measuring_versions(ranking))
    lines = [f"Caution: the rows were measured with several versions of {n}: {v}." for n, v in measured.items()]
    for row in ranking.rows:
        lines += [
            f"Caution: the runs of {row.spec} saw several versions of {name}: {versions}."
            for name, versions in _several(row.row.distributions).items()
            if name not in measured
        ]
    return lines


def _measuring_versions(ranking: Ranking) -> dict[str, set[str]]:
    """Return the versions of the harness, and of whatever else measured, that the scores of a ranking were made with."""
    found: dict[str, set[str]] = {}
    for record in (r for row in ranking.rows for r in row.row.records if r.scores):
        found.setdefault(OURS, set()).add(record.version)
        for plugin in record.plugins:
            if plugin.kind in MEASURING:
                found.setdefault(plugin.distribution, set()).add(plugin.version)
    return found


def _several(versions: dict[str, set[str]]) -> dict[str, str]:
    return {name: ", ".join(sorted(seen)) for name, seen in versions.items() if len(seen) > 1}
