"""``vidgen-bench protocols``: list the shipped protocols, and show every setting of one."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vidgen_bench.cli.console import AsJson, listing, output, print_json
from vidgen_bench.cli.group import QuickGroup
from vidgen_bench.errors import RequestError

if TYPE_CHECKING:
    from vidgen_bench.config.protocol import Protocol, RealPart
    from vidgen_bench.config.track import Track
    from vidgen_bench.host.host import Host

app = typer.Typer(cls=QuickGroup, rich_markup_mode="rich")


@app.callback(
    invoke_without_command=True,
    epilog="Example, every setting of one: [bold]vidgen-bench protocols show c3d-tgan[/bold]",
)
def protocols(context: typer.Context, as_json: AsJson = False) -> None:
    """List the protocols: the named and versioned rules by which clips are scored."""
    if context.invoked_subcommand is not None:
        return
    from vidgen_bench.config.protocol import load_protocol, shipped_protocols

    shipped = [load_protocol(name) for name in shipped_protocols()]
    if as_json:
        print_json([p.model_dump(mode="json") for p in shipped])
        return
    from rich.text import Text

    texts = {}
    for protocol in shipped:
        lines = [" · ".join(_facts(protocol))]
        if protocol.extra:
            lines.append(f"extra, on the final samples: {', '.join(protocol.extra)}")
        lines.append(protocol.source)
        texts[protocol.name] = Text.assemble(protocol.summary, "\n", ("\n".join(lines), "dim"))
    output().print(listing(texts.items()))


def _facts(protocol: Protocol) -> list[str]:
    """Return a protocol's main settings as short texts."""
    return [
        f"version {protocol.version}",
        f"{protocol.instrument or 'the instrument of the track'}, preprocessing {protocol.preprocessing}",
        f"{protocol.samples:,} samples" + ("" if protocol.fixed else " unless the track sets another number"),
        ", ".join(protocol.metrics),
        f"real: {_real(protocol.real)}",
        protocol.precision,
    ]


def _real(real: RealPart) -> str:
    rule = f"{real.passes} passes over the training list" if real.passes else f"{real.clips:,} training clips"
    return rule + (f" with {' and '.join(real.augment)}" if real.augment else "")


@app.command(
    epilog="Example, with a track's settings: [bold]vidgen-bench protocols show c3d-tgan --track ucf101-64-paper[/bold]"
)
def show(
    name: Annotated[str, typer.Argument(help="Name of a protocol (see `protocols`), or a .toml file of your own.")],
    track: Annotated[
        str | None,
        typer.Option(help="Show the settings and the id on this track: a name, or a .toml file of your own."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show every setting of a protocol, including the defaults of its metrics."""
    from vidgen_bench.config.protocol import load_protocol
    from vidgen_bench.config.track import load_track
    from vidgen_bench.host.host import Host
    from vidgen_bench.measure.resolved_track import on_track

    host, protocol, loaded = Host.of_environment(), load_protocol(name), load_track(track) if track else None
    if loaded is not None:
        protocol = on_track(protocol, loaded)
    table = protocol.model_dump(mode="json", exclude={"options"})
    table |= {"options": _options(protocol, host), "instruments": _instruments(protocol, host)}
    if loaded is not None:
        table |= _id(protocol, loaded, host)
    if as_json:
        print_json(table)
    else:
        _print_page(table)


def _options(protocol: Protocol, host: Host) -> dict[str, dict[str, Any]]:
    """Return {metric: its options under the protocol, including defaults}."""
    from vidgen_bench.host.options import jsonable
    from vidgen_bench.measure.resolved_protocol import chosen_metrics

    return {c.plugin.name: jsonable(dataclasses.asdict(c.options)) for c in chosen_metrics(protocol, host)}


def _instruments(protocol: Protocol, host: Host) -> list[str]:
    """Return the names of the instruments that support the protocol's preprocessing; only its own, if it names one.

    Raises:
        RequestError: no instrument supports it.
    """
    from vidgen_bench.errors import did_you_mean

    named = [host.find("instrument", protocol.instrument)] if protocol.instrument else list(host.of("instrument"))
    known = {p for f in named for p in f.declaration.preprocessings}
    if protocol.preprocessing not in known:
        subject = f"The instrument {protocol.instrument} lacks" if protocol.instrument else "No instrument has"
        raise RequestError(
            f"{subject} the preprocessing {protocol.preprocessing!r} of the protocol {protocol.name}."
            f"{did_you_mean(protocol.preprocessing, known)}"
        )
    return [f.name for f in named if protocol.preprocessing in f.declaration.preprocessings]


def _id(protocol: Protocol, track: Track, host: Host) -> dict[str, Any]:
    """Return the id without its hash, the hash of the weights if they are installed, and the inputs still unknown."""
    from vidgen_bench.config.protocol import Stamp
    from vidgen_bench.measure.resolved_protocol import fitting

    found, _ = fitting(protocol, protocol.instrument or track.instrument.name, track.clip, host)
    unknown = ["the real clips (run `vidgen-bench reference build`)"]
    try:
        sha256 = found.declaration.sha256()
    except RequestError as error:
        sha256 = ""
        unknown.insert(0, f"the weights: {error}")
    stamp = Stamp(protocol=protocol.declared, instrument=found.name, sha256=sha256, real="")
    return {"id": stamp.id.rpartition("#")[0] + "#…", "sha256": sha256 or None, "not_known_yet": unknown}


def _print_page(table: dict[str, Any]) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from vidgen_bench.cli.tracks import flat

    head = {key: table.pop(key) for key in ("name", "version", "summary", "source")}
    unknown = table.pop("not_known_yet", [])
    console = output()
    console.print(Text.assemble((head["name"], "bold"), f"  version {head['version']}"))
    console.print(Text(f"{head['summary']}\n{head['source']}\n"))
    console.print(Padding(listing(flat(table)), (0, 0, 0, 2)))
    for what in unknown:
        console.print(f"The hash in the id also depends on {what}", soft_wrap=True)
