"""``vidgen-bench instrument``: lists and shows measuring networks; its other commands are import, test and train."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vidgen_bench.cli.console import AsJson, output, print_json
from vidgen_bench.cli.group import QuickGroup
from vidgen_bench.cli.instrument.self_test import check_instrument
from vidgen_bench.cli.instrument.train import train
from vidgen_bench.cli.instrument.weights import import_instrument
from vidgen_bench.errors import VidgenBenchError

if TYPE_CHECKING:
    from vidgen_bench.api import Instrument

app = typer.Typer(
    cls=QuickGroup,
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="List, show, import, test or train the networks that measure clips.",
)

app.command(
    "import",
    epilog="For example: [bold]vidgen-bench instrument import conv3d_deepnetA_ucf.npz --mean mean2.npz[/bold], or "
    "[bold]vidgen-bench instrument import i3d_torchscript.pt --kind i3d[/bold]",
)(import_instrument)
app.command("test", epilog="For example: [bold]vidgen-bench instrument test c3d-shapes --track shapes-smoke[/bold]")(
    check_instrument
)
app.command(
    "train",
    epilog="This command trained the instruments that ship; their model card gives the options.",
)(train)


@app.command("list")
def list_instruments(as_json: AsJson = False) -> None:
    """List the instruments, and whether their weights are on this machine."""
    from vidgen_bench.host.host import Host

    host = Host.of_environment()
    rows = [_row(host.find("instrument", plugin.name).declaration) for plugin in host.of("instrument")]
    if as_json:
        print_json(rows)
        return
    from rich.table import Table

    table = Table("instrument", "weights", "layers", "summary", box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(
            row["name"], row["sha256"][:12] if row["sha256"] else "not here", " ".join(row["layers"]), row["summary"]
        )
    output().print(table)


@app.command(epilog="For example: [bold]vidgen-bench instrument show c3d-shapes[/bold]")
def show(name: Annotated[str, typer.Argument(help="Name of an instrument.")], as_json: AsJson = False) -> None:
    """Show an instrument, with the details of its weights file."""
    from vidgen_bench.host.host import Host

    declaration = Host.of_environment().find("instrument", name).declaration
    declaration.sha256()  # raises, with the import command, where the weights are missing
    row = _row(declaration) | dict(declaration.details())
    if as_json:
        print_json(row)
        return
    console = output()
    if isinstance(row.get("card"), dict):
        row |= row.pop("card")
    for key, value in row.items():
        text = "\n".join(f"  {k}: {v}" for k, v in value.items()) if isinstance(value, dict) else None
        shown = ", ".join(value) if isinstance(value, list | tuple) else value
        console.print(f"{key}:\n{text}" if text is not None else f"{key}: {shown}", soft_wrap=True)


def _row(declaration: Instrument) -> dict[str, Any]:
    """Return an instrument's row in a listing; sha256 is None if its weights are not on this machine."""
    sha256 = None
    with suppress(VidgenBenchError):
        sha256 = declaration.sha256()
    return {
        "name": declaration.name,
        "summary": declaration.summary,
        "reference": declaration.reference,
        "layers": list(declaration.layers),
        "preprocessings": list(declaration.preprocessings),
        "sha256": sha256,
    }
