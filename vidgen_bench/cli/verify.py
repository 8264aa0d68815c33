"""``vidgen-bench verify``: check a folder of submitted results, as the project's automatic checks do."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vidgen_bench.leaderboard.submissions.findings import Finding
    from vidgen_bench.leaderboard.submissions.verify import Submissions


class Format(StrEnum):
    """The format of the report."""

    text = "text"
    markdown = "markdown"


def verify(
    folder: Annotated[Path, typer.Argument(help="Folder of submitted results.")] = Path("leaderboards"),
    base: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="The same folder before the change; records may not be changed or removed since."
        ),
    ] = None,
    layout: Annotated[
        Format, typer.Option("--format", help="markdown adds the tables, of new records only with --base.")
    ] = Format.text,
    write: Annotated[bool, typer.Option("--write", help="Write the folder's README.md first.")] = False,
    target: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Write to this file.")] = None,
) -> None:
    """Check submitted results: every file's size, name, fields, fingerprints and means, and that no seed is missing.

    Reads text only: no plugin is imported and nothing in a file is executed.

    The exit code is 1 if something is wrong. Unusual values are listed for a person and change no exit code.
    """
    from vidgen_bench.cli.console import write_out
    from vidgen_bench.leaderboard.submissions.report import render_report, render_text
    from vidgen_bench.leaderboard.submissions.verify import check_board, check_history, read_submissions

    found = read_submissions(folder)
    before = read_submissions(base) if base is not None else None
    if write:
        _write_board(folder, found)
    findings = [*found.findings, *check_board(folder, found)]
    if before is not None:
        findings += check_history(before, found)
    if layout is Format.markdown:
        new = None if before is None else [path for path in found.records if path not in before.hashes]
        write_out(render_report(found, findings, new), target)
    else:
        write_out(render_text(found, findings), target)
    if _wrong(findings):
        raise typer.Exit(1)


def _write_board(folder: Path, found: Submissions) -> None:
    """Write the folder's ``README.md`` from the accepted records."""
    from vidgen_bench.leaderboard.submissions.layout import README
    from vidgen_bench.system.files import write_text

    write_text(folder / README, found.board())


def _wrong(findings: list[Finding]) -> bool:
    return any(f.kind == "fault" for f in findings)
