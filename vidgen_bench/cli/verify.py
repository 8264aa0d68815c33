"""``vidgen-bench verify``: check a folder of submitted results, as the project's automatic checks do."""

from __future__ import annotations

import shlex
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidgen_bench.cli.console import say
from vidgen_bench.cli.run_options import Data, Device, Splits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vidgen_bench.leaderboard.submissions.findings import Finding
    from vidgen_bench.leaderboard.submissions.verify import Submissions
    from vidgen_bench.measure.resolved_track import VideoLocation


RERUNS = Path("reruns")


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
    rerun: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Run this record's spec and seed again on a CPU, and attest equal bytes."),
    ] = None,
    recompute: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Score this run's checkpoint again, and attest scores within 1 %."),
    ] = None,
    track: Annotated[
        str | None, typer.Option(help="With --rerun: the file of a track that does not come with vidgen-bench.")
    ] = None,
    until: Annotated[
        int | None,
        typer.Option(
            metavar="ITERATION", help="With --rerun: repeat only up to this evaluation, and compare losses and scores."
        ),
    ] = None,
    data: Data = None,
    splits: Splits = None,
    runs: Annotated[Path, typer.Option(help="With --rerun: the folder of the repeated runs.")] = RERUNS,
    device: Device = "auto",
) -> None:
    """Check submitted results: every file's size, name, fields, fingerprints and means, and that no seed is missing.

    Reads text only: no plugin is imported and nothing in a file is executed. Maintainers repeat a result with --rerun or --recompute.

    The exit code is 1 if something is wrong. Unusual values are listed for a person and change no exit code.
    """
    _refuse_unused(
        "rerun" if rerun is not None else "recompute" if recompute is not None else "check",
        {
            "--base": ("check", base is not None),
            "--format": ("check", layout is not Format.text),
            "--write": ("check", write),
            "--output": ("check", target is not None),
            "--track": ("rerun", track is not None),
            "--until": ("rerun", until is not None),
            "--runs": ("rerun", runs != RERUNS),
            "--data": ("rerun recompute", data is not None),
            "--splits": ("rerun recompute", splits is not None),
            "--device": ("recompute", device != "auto"),
        },
    )
    if rerun is not None or recompute is not None:
        from vidgen_bench.measure.resolved_track import VideoLocation

        _repeat(folder, rerun, recompute, track, until, VideoLocation(data, splits), runs, device)
        return
    from vidgen_bench.cli.console import write_out
    from vidgen_bench.leaderboard.submissions.layout import README
    from vidgen_bench.leaderboard.submissions.report import render_report, render_text
    from vidgen_bench.leaderboard.submissions.verify import check_board, check_history, read_submissions

    before = read_submissions(base) if base is not None else None
    found = read_submissions(folder, before)
    if write:
        _write_board(folder, found)
    # --write has replaced a page that was a link
    findings = [*(f for f in found.findings if not (write and f.path == README)), *check_board(folder, found)]
    if before is not None:
        findings += check_history(before, found)
    if layout is Format.markdown:
        new = None if before is None else [path for path in found.records if path not in before.hashes]
        write_out(render_report(found, findings, new), target)
    else:
        write_out(render_text(found, findings), target)
    if _wrong(findings):
        raise typer.Exit(1)


def _refuse_unused(task: str, options: Mapping[str, tuple[str, bool]]) -> None:
    """Refuse the options that a task does not use.

    Args:
        task: check, rerun or recompute.
        options: by name, the tasks that use the option, and whether it is set.
    Raises:
        RequestError: an option has no effect.
    """
    from vidgen_bench.errors import RequestError

    for name, (users, given) in options.items():
        if not given or task in users.split():
            continue
        if users == "check":
            raise RequestError(
                f"{name} has no effect with --{task}. Leave it out; check the folder in a second command."
            )
        needed = " or ".join({"rerun": "--rerun FILE", "recompute": "--recompute RUN"}[user] for user in users.split())
        raise RequestError(f"{name} needs {needed}; nothing else uses it.")


def _repeat(
    folder: Path,
    rerun: Path | None,
    recompute: Path | None,
    track: str | None,
    until: int | None,
    videos: VideoLocation,
    runs: Path,
    device: str,
) -> None:
    """Repeat one record and print the path of its attestation."""
    from vidgen_bench.cli.literal_console import LiteralConsole
    from vidgen_bench.cli.progress import TerminalObserver
    from vidgen_bench.errors import RequestError

    if rerun is not None and recompute is not None:
        raise RequestError("Give either --rerun FILE or --recompute RUN, not both.")
    with TerminalObserver(LiteralConsole(soft_wrap=True)) as observer:
        if rerun is not None:
            from vidgen_bench.experiments.submit import rerun as repeated

            path = repeated.rerun(rerun, videos, runs, observer, track, until)
        else:
            from vidgen_bench.experiments.submit import recompute as scored

            assert recompute is not None
            path = scored.recompute(recompute, folder, videos, device, observer)
    say(f"Attested: {path}")
    say(f"Then run: vidgen-bench verify {shlex.quote(str(folder))} --write")


def _write_board(folder: Path, found: Submissions) -> None:
    """Write the folder's ``README.md`` from the accepted records."""
    from vidgen_bench.leaderboard.submissions.layout import README
    from vidgen_bench.system.files import write_text

    write_text(folder / README, found.board())


def _wrong(findings: list[Finding]) -> bool:
    return any(f.kind == "fault" for f in findings)
