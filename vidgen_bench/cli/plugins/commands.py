"""``vidgen-bench plugins``: the installed plugins, their abilities, and faults."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated

import typer

from vidgen_bench.cli.console import AsJson, complain, listing, output, print_json
from vidgen_bench.cli.group import QuickGroup
from vidgen_bench.cli.plugins.check import check
from vidgen_bench.cli.plugins.new import new
from vidgen_bench.cli.plugins.rehearse import rehearse
from vidgen_bench.config.defaults import DEFAULT_TRACK

if TYPE_CHECKING:
    from rich.console import RenderableType

    from vidgen_bench.host.host import Host, Kind, LoadedPlugin

app = typer.Typer(cls=QuickGroup, rich_markup_mode="rich")


@app.callback(invoke_without_command=True, epilog="Options of one plugin: [bold]vidgen-bench plugins show ode1[/bold]")
def plugins(
    context: typer.Context,
    as_json: AsJson = False,
    as_matrix: Annotated[
        bool,
        typer.Option(
            "--matrix", help="Show which temporal generators fit which backbones, and the reasons for refusals."
        ),
    ] = False,
    track: Annotated[
        str | None, typer.Option(help="With --matrix: the track of the clips, by default shapes-smoke.")
    ] = None,
) -> None:
    """List the installed plugins, what each can do and which package it is from, and any broken plugins."""
    from vidgen_bench.errors import RequestError

    if context.invoked_subcommand is not None:
        if as_matrix or track is not None:
            raise RequestError("--matrix and --track do not go with a subcommand: use `vidgen-bench plugins --matrix`.")
        return
    if track is not None and not as_matrix:
        raise RequestError("--track needs --matrix: `vidgen-bench plugins --matrix --track NAME`.")
    host = _host()
    if as_matrix:
        _print_matrix(track or DEFAULT_TRACK, host, as_json)
    elif as_json:
        print_json(_listing(host))
    else:
        _print_listing(host)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="Name of a plugin of any kind, or the spec of a pairing.")],
    as_json: AsJson = False,
) -> None:
    """Show one plugin: its options with types, defaults and help, its variants, and the options fixed by its name."""
    from vidgen_bench.cli.plugins.page import as_table, page

    host = _host()
    found = _named(host, name)
    if as_json:
        print_json([as_table(f, options=True) for f in found])
    else:
        for f in found:
            output().print(page(f))
    for clash in host.clashes():
        if clash.name == name:
            complain(str(clash), prefix="warning:")


app.command()(check)
app.command()(new)
app.command(hidden=True)(rehearse)


def _host() -> Host:
    """Return the loaded host, with the output of plugins during import redirected to standard error."""
    import contextlib
    import sys

    from vidgen_bench.host.host import Host

    host = Host.of_environment()
    with contextlib.redirect_stdout(sys.stderr):
        _ = host.plugins
    return host


def _named(host: Host, name: str) -> list[LoadedPlugin]:
    """Return every plugin with this name, of any kind; raise ``RequestError``, or ``PluginError`` if it is broken."""
    from vidgen_bench.errors import RequestError, did_you_mean

    found = [f for f in host.plugins if f.name == name]
    if found:
        return found
    host.refuse_broken(name)
    raise RequestError(f"There is no plugin named {name!r}.{did_you_mean(name, {f.name for f in host.plugins})}")


def _print_matrix(track: str, host: Host, as_json: bool) -> None:
    from vidgen_bench.cli.plugins import matrix_view
    from vidgen_bench.compose.matrix import matrix
    from vidgen_bench.config.track import load_track
    from vidgen_bench.errors import RequestError
    from vidgen_bench.experiments.run.plan import check_track
    from vidgen_bench.host.host import KIND_WORDS

    loaded = load_track(track)
    check_track(loaded, host, own=track.endswith(".toml"))
    for kind in ("backbone", "temporal"):
        if not list(host.of(kind)):
            raise RequestError(
                f"No {KIND_WORDS.get(kind, kind)} is loaded; `vidgen-bench plugins` lists the loaded and the broken plugins."
            )
    cells = matrix(loaded, host)
    if as_json:
        print_json(matrix_view.as_json(loaded, cells))
    else:
        output().print(matrix_view.grid(loaded, cells))


def _listing(host: Host) -> dict[str, object]:
    from vidgen_bench.cli.plugins.page import as_table

    return {
        "plugins": [as_table(f) for f in host.plugins],
        "broken": [dataclasses.asdict(b.origin) | {"cause": b.cause} for b in host.broken],
        "clashes": [str(clash) for clash in host.clashes()],
    }


def _print_listing(host: Host) -> None:
    import os

    from vidgen_bench.host.host import ALLOW_LIST, HOOKS

    console = output()
    for kind in HOOKS:
        if found := list(host.of(kind)):
            console.print(_block(kind, found))
    if not host.plugins:
        console.print("No plugin is loaded.")
    if host.broken:
        console.print(_faults("broken", [(str(b.origin), b.cause) for b in host.broken]))
    if clashes := host.clashes():
        console.print(_faults("clashes", [("", str(c)) for c in clashes]))
    if restricted := os.environ.get(ALLOW_LIST, "").strip():
        console.print(f"Only the plugins in {ALLOW_LIST}={restricted} are loaded.", style="dim")


def _block(kind: Kind, found: list[LoadedPlugin]) -> RenderableType:
    """Return the entries of one kind: name and summary, with abilities and origin beneath."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    from vidgen_bench.cli.plugins.page import facts, plural, shown_name, summary

    grid = listing((shown_name(f), Text.assemble(summary(f), "\n", (" · ".join(facts(f)), "dim"))) for f in found)
    return Group(Text(plural(kind), style="bold cyan"), Padding(grid, (0, 0, 1, 2)))


def _faults(title: str, faults: list[tuple[str, str]]) -> RenderableType:
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    lines = [
        Padding(Text.assemble((f"{where}\n" if where else "", "bold"), cause), (0, 0, 0, 2)) for where, cause in faults
    ]
    return Group(Text(title, style="bold red"), *lines, Text())
