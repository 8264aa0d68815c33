"""The report of ``plugins check``: a line per check with its failures beneath, and a verdict."""

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
"""A number that may differ between pairs; the line number of a file does not."""


@dataclass(frozen=True)
class CaseResult:
    """The result of a case: ``text`` is empty if it passed."""

    case: Case
    text: str
    seconds: float


class CurrentCase:
    """The running case; a terminal shows it until it ends."""

    def __init__(self, console: Console | None) -> None:
        self.case: Case | None = None
        self._console = console if console is not None and console.is_terminal else None

    @contextmanager
    def of(self, case: Case) -> Iterator[None]:
        """Show a case during the block, and keep it as the current one."""
        self.case = case
        if self._console is None:
            yield
            return
        self._console.print(Text(f"{case} ...", "dim"), end="\r", no_wrap=True, overflow="ellipsis", crop=True)
        try:
            yield
        finally:
            self._console.control(Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2)))


def as_json(name: str, results: Sequence[CaseResult], *, whole: bool = True) -> dict[str, Any]:
    """Return the report as plain values; ``whole`` is False if some checks or pairs were left out on request."""
    return {
        "name": name,
        "whole": whole,
        "conforms": not any(result.text for result in results),
        "checks": [
            {
                "name": group[0].case.check,
                "asks": group[0].case.definition.asks,
                "module": group[0].case.definition.module,
                "cases": [
                    {"subject": a.case.subject, "passed": not a.text, "text": a.text, "seconds": round(a.seconds, 3)}
                    for a in group
                ],
            }
            for group in (list(same) for _, same in groupby(results, key=lambda result: result.case.check))
        ],
    }


def print_results(
    console: Console, name: str, cases: Sequence[Case], results: Iterable[CaseResult], *, whole: bool = True
) -> list[CaseResult]:
    """Print each check after its last case, then the verdict; return the results.

    If ``whole`` is False, because checks or pairs were left out on request, nothing is said of the whole contract.
    """
    done: list[CaseResult] = []
    seen: dict[str, str] = {}
    console.print(f"{_heading(name, cases)}\n")
    left = Counter(case.check for case in cases)
    for result in results:
        done.append(result)
        check = result.case.check
        left[check] -= 1
        if left[check] == 0:
            group = [a for a in done if a.case.check == check]
            console.print(_line(group))
            if any(a.text for a in group):
                console.print(_failures(group, seen, console.width), soft_wrap=True)
    console.print(_verdict(name, done, console.width, whole), soft_wrap=True)
    return done


def _heading(name: str, cases: Sequence[Case]) -> str:
    if any(case.check == "refusal" for case in cases):
        starts = any(case.definition.scope == "launcher" for case in cases)
        return f"{name}, {'with small jobs' if starts else f'which cannot start jobs here (--on {name} says why): its declaration'}"
    if any(case.definition.scope == "metric" for case in cases):
        return f"{name}, with features drawn at random or clips of moving textures"
    pairs = {case.subject for case in cases if case.definition.scope != "declaration"}
    if not pairs:
        return f"{name}, its declaration"
    partners = "alone" if pairs == {name} else f"in {_counted(len(pairs), 'pair')}"
    return f"{name} {partners}, at the reduced size"


def _line(group: Sequence[CaseResult]) -> Table:
    """Return the line of a check: mark, name, requirement, number of pairs, seconds."""
    failed = sum(bool(result.text) for result in group)
    line = Table.grid(padding=(0, 2, 0, 0), expand=True)
    for width in (6, 12):
        line.add_column(width=width, no_wrap=True)
    line.add_column(ratio=1)
    for width in (8, 7):
        line.add_column(width=width, no_wrap=True, justify="right")
    case = group[0].case
    count = "" if case.definition.scope in ("declaration", "launcher", "metric") else _counted(len(group), "pair")
    mark = Text("FAILED", "bold red") if failed else Text("ok", "green")
    seconds = f"{sum(result.seconds for result in group):.1f} s"
    line.add_row(mark, Text(case.check, "bold"), case.definition.asks, Text(count, "dim"), Text(seconds, "dim"))
    return line


def _failures(group: Sequence[CaseResult], seen: dict[str, str], width: int) -> Text:
    """Return the failures of a check, each text once below its pairs, even if its numbers differ.

    ``seen`` maps each text to the check that reported it first; it is not repeated.
    """
    by_text: dict[str, list[CaseResult]] = {}
    for result in group:
        if result.text:
            by_text.setdefault(_NUMBER.sub("#", result.text), []).append(result)
    lines = Text()
    for key, results in by_text.items():
        check, subjects = results[0].case.check, ", ".join(result.case.subject for result in results)
        before = seen.setdefault(key, check)
        lines.append(_folded(subjects if before == check else f"{subjects}: as in {before}", width), "bold")
        if before == check:
            lines.append(_folded(results[0].text, width))
    lines.append(_folded(f"checked in {group[0].case.definition.module}", width), "dim")
    lines.rstrip()
    return lines


def _folded(text: str, width: int, margin: str = " " * 8) -> str:
    folded = textwrap.fill(
        text, width, initial_indent=margin, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False
    )
    return f"{folded}\n"


def _verdict(name: str, results: Sequence[CaseResult], width: int, whole: bool) -> Text:
    failed = list(dict.fromkeys(result.case.check for result in results if result.text))
    checks = len({result.case.check for result in results})
    seconds = sum(result.seconds for result in results)
    if failed:
        text = f"{name} does not conform: {len(failed)} of {checks} checks failed ({', '.join(failed)})."
        return Text(_folded(text, width, "").rstrip(), "red")
    passed = "conforms" if whole else "passes what was chosen"
    return Text(
        f"{name} {passed}: {_counted(checks, 'check')}, {_counted(len(results), 'case')}, {seconds:.1f} s.", "green"
    )


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
