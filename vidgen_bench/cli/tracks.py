"""``vidgen-bench tracks``: list the shipped tracks, show every setting of one, and write one of your own."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vidgen_bench.cli.console import AsJson, listing, output, print_json
from vidgen_bench.cli.group import QuickGroup
from vidgen_bench.config.defaults import DEFAULT_TRACK

if TYPE_CHECKING:
    from vidgen_bench.config.track import Track

app = typer.Typer(cls=QuickGroup, rich_markup_mode="rich")


@app.callback(
    invoke_without_command=True,
    epilog="Example, every setting of one: [bold]vidgen-bench tracks show shapes-smoke[/bold]",
)
def tracks(context: typer.Context, as_json: AsJson = False) -> None:
    """List the tracks: fixed settings of data, clips, budget and scoring under which runs are comparable."""
    if context.invoked_subcommand is not None:
        return
    from vidgen_bench.config.track import load_track, shipped_tracks

    shipped = [load_track(name) for name in shipped_tracks()]
    if as_json:
        print_json([_table(t) for t in shipped])
        return
    from rich.text import Text

    output().print(listing((t.name, Text.assemble(t.summary, "\n", (" · ".join(_facts(t)), "dim"))) for t in shipped))


class Format(StrEnum):
    """The format of a track's page."""

    terminal = "terminal"
    json = "json"
    toml = "toml"


@app.command(epilog="Example: [bold]vidgen-bench tracks new mine --like shapes-cpu --output mine.toml[/bold]")
def new(
    name: Annotated[str, typer.Argument(help="Name of your track, as in results and folders.")],
    target: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="The file. Default: NAME.toml.", show_default=False)
    ] = None,
    like: Annotated[
        str, typer.Option("--like", metavar="TRACK", help="Track to start from: a name, or a .toml file.")
    ] = DEFAULT_TRACK,
) -> None:
    """Write a track of your own: a TOML file with a comment on every key, ready to run and to edit."""
    from vidgen_bench.cli.console import write_out
    from vidgen_bench.config.spec import NAME
    from vidgen_bench.config.track import load_track, shipped_tracks
    from vidgen_bench.config.written import commented_track
    from vidgen_bench.errors import RequestError

    if not NAME.match(name):
        raise RequestError(f"{name!r} is not a valid name: expected lower-case letters, digits, '-', '_' or '.'.")
    if name in shipped_tracks():
        raise RequestError(f"There is a shipped track named {name!r}. Choose another name, such as {f'my-{name}'!r}.")
    target = target or Path(f"{name}.toml")
    if target.suffix != ".toml":
        raise RequestError(f"--output {target}: expected a file that ends in .toml, which is how --track knows it.")
    if target.exists():
        raise RequestError(f"{target} already exists. Choose another name, or delete it.")
    track = load_track(like)
    head = f"A track: everything that is held fixed. Run it: vidgen-bench run tgan+ode2 --track {target.name}"
    write_out(commented_track(track, name, head), target)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="Name of a track (see `tracks`), or a .toml file of your own.")],
    as_json: AsJson = False,
    layout: Annotated[
        Format, typer.Option("--format", help="toml is a file that --track takes, with the same fingerprint.")
    ] = Format.terminal,
) -> None:
    """Show every setting of a track, including defaults, and its fingerprint."""
    from vidgen_bench.config.track import load_track

    track = load_track(name)
    if layout is Format.toml:
        from vidgen_bench.cli.console import write_out
        from vidgen_bench.config.written import whole_track
        from vidgen_bench.errors import RequestError

        if as_json:
            raise RequestError("--json and --format toml exclude each other; give one of them.")
        write_out(whole_track(track), None)
        return
    as_json = as_json or layout is Format.json
    if as_json:
        print_json(_table(track))
        return
    from rich.padding import Padding
    from rich.text import Text

    console = output()
    console.print(
        Text.assemble((track.name, "bold"), f"  {track.fingerprint}", "" if track.ranked else "  ranks nothing")
    )
    console.print(Text(f"{track.summary}\n"))
    head = ("name", "summary", "ranked", "fingerprint")
    settings = flat({k: v for k, v in _table(track).items() if k not in head})
    console.print(Padding(listing(settings), (0, 0, 0, 2)))


def _facts(track: Track) -> list[str]:
    """Return a track's main settings as short texts."""
    clip = track.clip
    facts = [
        f"data {track.data.name}",
        f"{clip.frames} frames of {clip.size}x{clip.size}",
        f"budget {track.budget}",
        f"best by {track.evaluation.select}",
        f"protocol {track.evaluation.protocol}",
        f"instrument {track.instrument.name}",
    ]
    return [*facts, "ranked" if track.ranked else "ranks nothing", track.fingerprint]


def _table(track: Track) -> dict[str, Any]:
    """Return a track as a JSON-compatible table, the fingerprint near its top."""
    content = track.model_dump(mode="json", by_alias=True)
    head = {key: content.pop(key) for key in ("name", "summary", "ranked")}
    return head | {"fingerprint": track.fingerprint} | content


def flat(table: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Return dotted keys and their values, written as in TOML; keys without a value are left out."""
    from vidgen_bench.escaping import json_text

    rows: list[tuple[str, str]] = []
    for key, value in table.items():
        if isinstance(value, dict):
            rows += flat(value, f"{prefix}{key}.")
        elif value is not None:
            rows.append((f"{prefix}{key}", json_text(value, indent=None)))
    return rows
