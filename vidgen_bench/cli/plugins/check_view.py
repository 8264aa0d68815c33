"""What ``plugins check`` prints: a line for each check, beneath it what failed, and a verdict."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.control import Control
from rich.segment import ControlType
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console

    from vidgen_bench.conformance import Case


_NUMBER = re.compile(r"(?<!line )(?<!\d)\d[\d.,]*(?:e[+-]?\d+)?")
"""A number that differs from pair to pair; the line of a file is none."""


@dataclass(frozen=True)
class Answer:
    """How a case ended: ``text`` is empty where it passed."""

    case: Case
    text: str
    seconds: float


class Running:
    """Which case is being asked; a terminal shows it until it is answered."""

    def __init__(self, console: Console | None) -> None:
        self.case: Case | None = None
        self._console = console if console is not None and console.is_terminal else None

    @contextmanager
    def of(self, case: Case) -> Iterator[None]:
        """Name a case for the length of the block, and to whoever asks afterwards."""
        self.case = case
        if self._console is None:
            yield
            return
        self._console.print(Text(f"{case} ...", "dim"), end="\r", no_wrap=True, overflow="ellipsis", crop=True)
        try:
            yield
        finally:
            self._console.control(Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2)))


def as_json(name: str, answers: Sequence[Answer]) -> dict[str, Any]:
    """Return the report as plain values."""
    return {
        "name": name,
        "conforms": not any(answer.text for answer in answers),
        "checks": [
            {
                "name": group[0].case.check,
                "asks": group[0].case.asked.asks,
                "module": group[0].case.asked.module,
                "cases": [
                    {"subject": a.case.subject, "passed": not a.text, "text": a.text, "seconds": round(a.seconds, 3)}
                    for a in group
                ],
            }
            for group in _by_check(answers)
        ],
    }


def print_as_they_come(console: Console, name: str, asked: Sequence[Case], answers: Iterable[Answer]) -> list[Answer]:
    """Print every check when its last case is answered, then the verdict; return the answers."""
    done: list[Answer] = []
    seen: dict[str, str] = {}
    console.print(f"{_heading(name, asked)}\n")
    left = Counter(case.check for case in asked)
    for answer in answers:
        done.append(answer)
        check = answer.case.check
        left[check] -= 1
        if left[check] == 0:
            group = [a for a in done if a.case.check == check]
            console.print(_line(group))
            if any(a.text for a in group):
                console.print(_failures(group, seen, console.width), soft_wrap=True)
    console.print(_verdict(name, done, console.width), soft_wrap=True)
    return done


def _heading(name: str, asked: Sequence[Case]) -> str:
    pairs = {case.subject for case in asked if case.asked.scope != "declaration"}
    with_whom = "alone" if pairs == {name} else f"in {_counted(len(pairs), 'pair')}"
    return f"{name} {with_whom}, at the reduced size"


def _by_check(answers: Iterable[Answer]) -> Iterator[list[Answer]]:
    for _, group in groupby(answers, key=lambda answer: answer.case.check):
        yield list(group)


def _line(group: Sequence[Answer]) -> Table:
    """Return one check: mark, name, what it asks, on how many pairs, in how many seconds."""
    failed = sum(bool(answer.text) for answer in group)
    line = Table.grid(padding=(0, 2, 0, 0), expand=True)
    for width in (6, 12):
        line.add_column(width=width, no_wrap=True)
    line.add_column(ratio=1)
    for width in (8, 7):
        line.add_column(width=width, no_wrap=True, justify="right")
    case = group[0].case
    count = "" if case.asked.scope == "declaration" else _counted(len(group), "pair")
    mark = Text("FAILED", "bold red") if failed else Text("ok", "green")
    seconds = f"{sum(answer.seconds for answer in group):.1f} s"
    line.add_row(mark, Text(case.check, "bold"), case.asked.asks, Text(count, "dim"), Text(seconds, "dim"))
    return line


def _failures(group: Sequence[Answer], seen: dict[str, str], width: int) -> Text:
    """Return what a check failed with, each text once under the pairs that it is said of, whatever its numbers are.

    ``seen`` tells in which check a text came first; it is not repeated.
    """
    said: dict[str, list[Answer]] = {}
    for answer in group:
        if answer.text:
            said.setdefault(_NUMBER.sub("#", answer.text), []).append(answer)
    lines = Text()
    for key, answers in said.items():
        check, subjects = answers[0].case.check, ", ".join(answer.case.subject for answer in answers)
        before = seen.setdefault(key, check)
        lines.append(_folded(subjects if before == check else f"{subjects}: as in {before}", width), "bold")
        if before == check:
            lines.append(_folded(answers[0].text, width))
    lines.append(_folded(f"asked in {group[0].case.asked.module}", width), "dim")
    lines.rstrip()
    return lines


def _folded(text: str, width: int, margin: str = " " * 8) -> str:
    folded = textwrap.fill(
        text, width, initial_indent=margin, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False
    )
    return f"{folded}\n"


def _verdict(name: str, answers: Sequence[Answer], width: int) -> Text:
    failed = list(dict.fromkeys(answer.case.check for answer in answers if answer.text))
    checks = len({answer.case.check for answer in answers})
    seconds = sum(answer.seconds for answer in answers)
    if failed:
        text = f"{name} does not conform: {len(failed)} of {checks} checks failed ({', '.join(failed)})."
        return Text(_folded(text, width, "").rstrip(), "red")
    return Text(f"{name} conforms: {_counted(checks, 'check')}, {len(answers)} cases, {seconds:.1f} s.", "green")


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
