"""The self-test of a C3D's weights file, reported as ``vidgen-bench instrument test`` prints it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from vidgen_bench.api import HeldOutClips, Report, SelfTestReport
from vidgen_bench.measure.instruments.c3d.self_test import SelfTest, self_test
from vidgen_bench.measure.instruments.c3d.weights import Card, read_instrument


def self_test_report(path: Path, clips: HeldOutClips, report: Report) -> SelfTestReport:
    """Return the self-test of a weights file on these clips.

    Raises:
        RecordError: the file is not an instrument, or damaged.
        RequestError: the clips are too few, or of one class only.
    """
    file = read_instrument(path)
    mismatch = class_mismatch(file.card, clips.classes)
    result = self_test(file, clips.batches, not mismatch, report)
    outcomes = [dataclasses.asdict(o) | {"p_value": o.p_value} for o in result.outcomes]
    return SelfTestReport(
        clips=result.clips,
        columns=("reading", "right", "accuracy", "confidence", "gained", "lost", "p"),
        rows=_rows(result),
        notes=_notes(result, mismatch),
        faults=result.faults,
        details={"note": mismatch} | dataclasses.asdict(result) | {"outcomes": outcomes},
    )


def class_mismatch(card: Card, classes: tuple[str, ...]) -> str:
    """Return how the data set's classes differ from the instrument's, or ""."""
    if card.data_classes != len(classes):
        return f"the instrument has {card.data_classes} classes, the data set {len(classes)}"
    names = card.class_names[: card.data_classes]
    if names and names != classes:
        own, other = next((a, b) for a, b in zip(names, classes, strict=True) if a != b)
        return f"the instrument's classes differ from the data set's ({own!r} instead of {other!r})"
    return ""


def _rows(result: SelfTest) -> tuple[tuple[str, ...], ...]:
    rows = []
    for k, o in enumerate(result.outcomes):
        right = ("-", "-") if o.right is None else (f"{o.right}", f"{o.right / result.clips:.1%}")
        compared = (f"{o.gained}", f"{o.lost}", f"{o.p_value:.2g}") if k else ("", "", "")
        rows.append((o.reading, *right, f"{o.confidence:.3f}", *compared))
    return tuple(rows)


def _notes(result: SelfTest, mismatch: str) -> tuple[str, ...]:
    """Return the sentences below the table: what was tested, and that no fault was found if none was."""
    if mismatch:
        judged = f"Only its confidence is judged: {mismatch}."
        verdict = (
            "It is in the expected range, which random weights may reach too: test it on clips of its own classes."
        )
    else:
        judged = f"The commonest class has {result.chance:.1%} of the clips."
        if len(result.outcomes) == 1:
            judged += (
                " No other reading was tried: the weights as stored are right too often for one to be clearly better."
            )
        verdict = "These clips show no fault."
    return (judged,) if result.faults else (judged, verdict)
