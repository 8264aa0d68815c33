"""``vidgen-bench cache``: what is stored outside run folders, and its removal."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vidgen_bench.cli.asking import Yes, agreed
from vidgen_bench.cli.console import AsJson, complain, output, print_json, say
from vidgen_bench.cli.group import QuickGroup
from vidgen_bench.errors import BusyError, VidgenBenchError

if TYPE_CHECKING:
    from rich.table import Table

    from vidgen_bench.experiments.cache.contents import CacheEntry

app = typer.Typer(cls=QuickGroup, rich_markup_mode="rich")


@app.callback(
    invoke_without_command=True,
    epilog="Example, what was not used for a month: [bold]vidgen-bench cache clean --older-than 30 --dry-run[/bold]",
)
def cache(context: typer.Context, as_json: AsJson = False) -> None:
    """Show what is stored outside run folders (show), and remove it (clean): videos, decoded videos, statistics of real clips."""
    if context.invoked_subcommand is None:
        _show(None, as_json)


@app.command()
def show(
    kind: Annotated[
        str | None, typer.Argument(metavar="[KIND]", help="List the entries of one kind.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show how many files of each kind are stored, their size, when they were last used, and what needs them."""
    _show(kind, as_json)


@app.command()
def clean(
    kinds: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KIND...]", help="What to remove, as `cache` names it, or all.", show_default=False),
    ] = None,
    older_than: Annotated[
        float | None,
        typer.Option(
            "--older-than",
            metavar="DAYS",
            min=0,
            help="Remove only what nothing read or wrote for so many days.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be removed, and stop.")] = False,
    yes: Yes = False,
) -> None:
    """Remove parts of the cache, after asking. What another process makes or reads stays; what a run needs is made again."""
    from vidgen_bench.experiments.cache.cleaning import chosen_entries
    from vidgen_bench.experiments.cache.contents import cache_entries
    from vidgen_bench.experiments.estimate.amounts import size
    from vidgen_bench.system.places import cache_folder

    folder = cache_folder()
    chosen = chosen_entries(cache_entries(folder), kinds or (), older_than, time.time())
    if not chosen:
        say("There is nothing to remove.")
        return
    total = size(sum(entry.bytes for entry in chosen))
    if dry_run or not yes:
        output().print(_entries(chosen), soft_wrap=True)
    if dry_run:
        say(f"Would remove {_counted(chosen)}, which frees {total}.")
    elif agreed(f"Remove {_counted(chosen)}, which frees {total}?", yes):
        _remove(chosen, folder)
    else:
        say("Nothing was removed.", error=True)


def _remove(chosen: Sequence[CacheEntry], folder: Path) -> None:
    """Remove entries; those that cannot be removed do not stop the others.

    Raises:
        BusyError: processes hold some of them, and the others are removed.
        VidgenBenchError: one could not be removed.
    """
    from vidgen_bench.experiments.cache.cleaning import remove_entry
    from vidgen_bench.experiments.estimate.amounts import size

    removed: list[CacheEntry] = []
    failures: list[VidgenBenchError] = []
    for entry in chosen:
        try:
            remove_entry(entry, folder)
            removed.append(entry)
        except VidgenBenchError as error:
            failures.append(error)
    say(f"Removed {_counted(removed)}, which frees {size(sum(entry.bytes for entry in removed))}.")
    for failure in failures[:-1]:
        complain(str(failure))
    if failures:
        raise failures[-1] if all(isinstance(f, BusyError) for f in failures) else VidgenBenchError(str(failures[-1]))


def _show(kind: str | None, as_json: bool) -> None:
    from vidgen_bench.errors import RequestError, did_you_mean
    from vidgen_bench.escaping import printable
    from vidgen_bench.experiments.cache.contents import KINDS, cache_entries
    from vidgen_bench.experiments.estimate.amounts import size
    from vidgen_bench.system.places import cache_folder

    if kind is not None and kind not in KINDS:
        raise RequestError(f"There is nothing called {kind!r} in the cache.{did_you_mean(kind, KINDS)}")
    folder = cache_folder()
    entries = [entry for entry in cache_entries(folder) if kind in (None, entry.kind)]
    if as_json:
        print_json({"folder": str(folder), "entries": [_values(entry) for entry in entries]})
        return
    console, what = output(), f" of the kind {kind}" if kind else ""
    if not entries:
        console.print(f"There is nothing{what} in the cache {printable(str(folder))}.", soft_wrap=True)
        return
    total, files = sum(entry.bytes for entry in entries), sum(entry.files for entry in entries)
    console.print(_entries(entries) if kind else _kinds(entries))
    console.print(f"\n{size(total)} in {files:,} files{what} in {printable(str(folder))}", soft_wrap=True)


def _values(entry: CacheEntry) -> dict[str, Any]:
    """Return an entry for JSON."""
    from vidgen_bench.experiments.cache.contents import KINDS
    from vidgen_bench.experiments.cache.notes import note_of

    return {
        "kind": entry.kind,
        "name": entry.name,
        "files": entry.files,
        "bytes": entry.bytes,
        "last_used": entry.used,
        "note": note_of(entry),
        "needed_by": KINDS[entry.kind].needed_by,
        "paths": [str(path) for path in entry.paths],
    }


def _kinds(entries: Sequence[CacheEntry]) -> Table:
    """Return one row per kind."""
    from rich.text import Text

    from vidgen_bench.experiments.cache.contents import KINDS
    from vidgen_bench.experiments.estimate.amounts import size
    from vidgen_bench.leaderboard.render.grid import simple_table

    grid = simple_table()
    grid.add_column("kind", no_wrap=True)
    for heading in ("files", "size", "used"):
        grid.add_column(heading, justify="right", no_wrap=True)
    grid.add_column("what needs it; how it comes back")
    for kind in KINDS.values():
        if its := [entry for entry in entries if entry.kind == kind.name]:
            files, total = sum(entry.files for entry in its), sum(entry.bytes for entry in its)
            used = max((entry.used for entry in its if entry.used is not None), default=None)
            grid.add_row(Text(kind.name, "bold"), f"{files:,}", size(total), _ago(used), kind.needed_by)
    return grid


def _entries(entries: Sequence[CacheEntry]) -> Table:
    """Return one row per entry."""
    from rich.text import Text

    from vidgen_bench.escaping import printable
    from vidgen_bench.experiments.cache.notes import note_of
    from vidgen_bench.experiments.estimate.amounts import size
    from vidgen_bench.leaderboard.render.grid import simple_table

    grid = simple_table()
    grid.add_column("kind", no_wrap=True)
    for heading in ("files", "size", "used"):
        grid.add_column(heading, justify="right", no_wrap=True)
    grid.add_column("entry", overflow="fold")
    for entry in entries:
        note = note_of(entry)
        what = Text.assemble(printable(entry.name), (f"\n{printable(note)}" if note else "", "dim"))
        grid.add_row(entry.kind, f"{entry.files:,}", size(entry.bytes), _ago(entry.used), what)
    return grid


def _ago(moment: float | None) -> str:
    """Return how long ago something was used, in one unit."""
    from vidgen_bench.cli.runs.list_view import age

    return "" if moment is None else f"{age(max(time.time() - moment, 0.0))} ago"


def _counted(entries: Sequence[CacheEntry]) -> str:
    files = sum(entry.files for entry in entries)
    return f"{len(entries)} {'entry' if len(entries) == 1 else 'entries'} ({files:,} files)"
