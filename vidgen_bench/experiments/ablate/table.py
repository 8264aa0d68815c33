"""The table of a suite as texts: its cells, their footnotes, and the sentences below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from vidgen_bench.api import Metric
from vidgen_bench.config.cell import Published
from vidgen_bench.config.spec import spelt
from vidgen_bench.experiments.ablate.members import Ablation, Member
from vidgen_bench.experiments.ablate.recorded import Recorded
from vidgen_bench.experiments.ablate.running import Result
from vidgen_bench.experiments.ablate.values import State, Value, values
from vidgen_bench.leaderboard.anchors import describe
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.ranking import Ranking, rankings
from vidgen_bench.leaderboard.render.notes import ARROWS, anchor_caution, anchor_sentence
from vidgen_bench.leaderboard.render.numbers import as_published, decimals, decimals_of, mean_and_spread, seeds
from vidgen_bench.leaderboard.rows import Summary
from vidgen_bench.records.caveats import ONE_SEED

_WHOLE = 12
"""More decimals than a paper prints: a published number is shown as it was published."""


@dataclass(frozen=True)
class CellLine:
    """One line of a cell: a number or a state, and the letters of its footnotes."""

    text: str
    marks: str = ""
    state: State | Literal["published"] = "finished"


@dataclass(frozen=True)
class TableCell:
    """A cell: one line per model of ours, and the published number."""

    ours: tuple[CellLine, ...] = ()
    published: CellLine | None = None


@dataclass(frozen=True)
class AblationTable:
    """A table of texts, ready for a renderer."""

    title: str
    head: tuple[str, ...]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: dict[tuple[str, str], TableCell]
    footnotes: tuple[tuple[str, str], ...]
    sentences: tuple[str, ...]

    @property
    def compares(self) -> bool:
        """Whether any cell has a published number."""
        return any(shown.published for shown in self.cells.values())


@dataclass
class _Footnotes:
    """Letters for texts, in the order of their first use."""

    letters: dict[str, str] = field(default_factory=dict)

    def mark(self, *texts: str | None) -> str:
        """Return the letters of these texts, ``a`` or ``a,b``; the first use of a text assigns its letter."""
        for text in filter(None, texts):
            n = len(self.letters)
            self.letters.setdefault(text, ("" if n < 26 else chr(96 + n // 26)) + chr(97 + n % 26))
        return ",".join(self.letters[text] for text in texts if text)


def ablation_table(ablation: Ablation, results: Sequence[Result], metric: Metric) -> AblationTable:
    """Return the table of a suite after these results."""
    suite = ablation.suite
    found = values(ablation, results)
    summaries = [v.summary for group in found.values() for v in group if v.summary]
    places = decimals(s.std for s in summaries)
    by_place = {(c.row, c.column): c for c in suite.cells}
    notes, cells = _Footnotes(), {}
    for row in suite.rows:
        for column in suite.columns:
            group, cell = found.get((row, column), []), by_place.get((row, column))
            lines = tuple(line for value in group for line in _lines(value, ablation, places, notes))
            published = cell.published if cell else None
            cells[row, column] = TableCell(lines, _published(published, notes) if published else None)
    which = f" · seed{'s' if len(ablation.seeds) > 1 else ''} {seeds(ablation.seeds)}" if ablation.members else ""
    track = f"track {ablation.track.name} {ablation.track.fingerprint}"
    return AblationTable(
        title=suite.title or suite.name,
        head=(*filter(None, [suite.reference]), f"{metric.title} {ARROWS[metric.better]}{which} · {track}"),
        rows=suite.rows,
        columns=suite.columns,
        cells=cells,
        footnotes=tuple((letter, text) for text, letter in notes.letters.items()),
        sentences=tuple(_sentences(ablation, results, summaries)),
    )


def _lines(value: Value, ablation: Ablation, places: int, notes: _Footnotes) -> Iterator[CellLine]:
    member = value.member
    aside = f"Ours on the track {member.track.name}." if member.aside else None
    source = member.source if isinstance(member, Recorded) else None
    marks = notes.mark(member.model.note, source, aside, value.reason, *value.kinds)
    text = mean_and_spread(value.summary, places) if value.summary else value.state
    yield CellLine(text, marks, value.state)
    scored = sum(r.state == "finished" for r in value.results)
    if value.results and value.summary and scored < len(ablation.seeds):
        yield CellLine(f"{scored} of {len(ablation.seeds)} seeds", state="not run")


def _as_summary(published: Published) -> Summary:
    return Summary(published.mean, published.std, "batches", 1)


def _published(published: Published, notes: _Footnotes) -> CellLine:
    return CellLine(as_published(_as_summary(published), _WHOLE), notes.mark(published.note), "published")


def _sentences(ablation: Ablation, results: Sequence[Result], summaries: Sequence[Summary]) -> Iterator[str]:
    suite = ablation.suite
    compared = _compared(ablation)
    if suite.protocol:
        yield suite.protocol
    if moved := [m for m in compared if m.track.fingerprint != m.declared.fingerprint]:
        yield _scale_sentence(moved, compared)
    yield from suite.notes
    if given := ablation.given:
        options = " ".join(f"{key}={spelt(value)}" for key, value in given.items())
        yield f"Set in every cell: {options}{'; ours are therefore not the published models' if compared else ''}."
    yield from spread_sentences(summaries)
    if len(summaries) > 1:
        yield "No winner is marked: `vidgen-bench leaderboard` tests which rows their seeds separate."
    yield from dict.fromkeys(_anchors(ablation, results))  # two kinds of model on one track have the same anchors
    if summaries and len(ablation.seeds) == 1:
        yield ONE_SEED


def _compared(ablation: Ablation) -> list[Member | Recorded]:
    """Return what a reader compares with a published number: that of the same cell, or one that is alone in the same column."""
    alone = {cell.column for cell in ablation.suite.cells if not cell.models}
    return [m for m in ablation.shown if m.cell.published or m.cell.column in alone]


def _scale_sentence(moved: Sequence[Member | Recorded], compared: Sequence[Member | Recorded]) -> str:
    """Return a sentence on our models whose track differs from the suite's, by column or by cell."""
    where = ""
    if len(moved) < len(compared):
        kept = {m.cell.column for m in compared if m.track.fingerprint == m.declared.fingerprint}
        places = dict.fromkeys(f"{m.cell.row}, " * (m.cell.column in kept) + m.cell.column for m in moved)
        where = f"In {'; '.join(places)}: "
    return (
        f"{where}{'ours' if where else 'Ours'} are measured on {_names(moved, 'track')}, not on "
        f"{_names(moved, 'declared')}, so they are not on the same scale as the published numbers."
    )


def _names(members: Sequence[Member | Recorded], which: str) -> str:
    return " and ".join(dict.fromkeys(getattr(m, which).name for m in members))


def _anchors(ablation: Ablation, results: Sequence[Result]) -> Iterator[str]:
    """Yield the anchor scores of every track in the table, and cautions about them."""
    found = rankings_of(ablation, results)
    if sentence := anchor_sentence(name for ranking in found for name in ranking.anchors.scores):
        yield sentence
    for ranking in found:
        shown = anchor_scores(ranking, ablation.metric)
        if shown:
            yield f"{ranking.name}: {' · '.join(f'{name} {text}' for name, text in shown.items())}."
        if not ranking.ranked:
            yield f"{ranking.name}: these scores rank nothing."
        if caution := anchor_caution(ranking.anchors):
            yield caution
    if any(r.conditional and r.apart for r in found):
        yield "Class-conditional models are never ranked with unconditional ones: `vidgen-bench leaderboard` separates them."
    if len(found) > len({(r.record.track.fingerprint, r.conditional) for r in found}):
        yield "Caution: cells of the same track were measured differently; `vidgen-bench leaderboard` separates them."


def spread_sentences(scores: Sequence[Summary]) -> Iterator[str]:
    """Yield the sentences that explain ± in these scores."""
    kinds = {s.over for s in scores if s.std is not None}
    if "batches" in kinds:
        over = "population standard deviation over its final batches; it says nothing about other seeds"
        yield f"± of one seed: {over}."
    if "seeds" in kinds:
        yield "± of several seeds: sample standard deviation between the means of the seeds."
    if any(s.std is None for s in scores):
        yield "A score without ± is a single value: its spread is unknown."


def rankings_of(ablation: Ablation, results: Sequence[Result]) -> list[Ranking]:
    """Return one ranking per group of comparable records, those that the suite names among them, as the leaderboard does."""
    made = [Entry(r.job.folder.record_path, r.record) for r in results if r.record]
    return rankings([*made, *(recorded.entry for recorded in ablation.recorded)])


def anchor_scores(ranking: Ranking, metric: str) -> dict[str, str]:
    """Return the anchor scores of a ranking as texts: ``{"real (ceiling)": "7.64 ± 0.02"}``."""
    scores = {name: found[metric] for name, found in ranking.anchors.scores.items() if metric in found}
    places = decimals_of(ranking)[metric]
    return {describe(name): mean_and_spread(summary, places) for name, summary in scores.items()}
