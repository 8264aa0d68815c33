"""``vidgen-bench instrument``: list and show measuring networks; import, test and train stand beside it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from vidgen_bench.cli.instrument.self_test import check_instrument
from vidgen_bench.cli.instrument.train import train
from vidgen_bench.cli.instrument.weights import import_instrument
from vidgen_bench.errors import VidgenBenchError

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="rich", help="The measuring networks: list, show, import, test, train."
)

_AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]

app.command(
    "import",
    epilog="C3D: [bold]conv3d_deepnetA_ucf.npz[/bold] of TGANv2's release, or [bold]c3d_ucf101_finetune_whole_iter_20000[/bold] of "
    "C3D's; mean: [bold]mean2.npz[/bold], or [bold]train01_16_128_171_mean.binaryproto[/bold]. "
    "I3D: [bold]rgb_imagenet.pt[/bold], or [bold]i3d_torchscript.pt[/bold]; no mean.",
)(import_instrument)
app.command("test", epilog="For example: [bold]vidgen-bench instrument test c3d-shapes --track shapes-smoke[/bold]")(
    check_instrument
)
app.command("train", epilog="The one that ships was made by this command; its model card has the options.")(train)


@app.command("list")
def list_instruments(as_json: _AsJson = False) -> None:
    """List the instruments, and which of them have their weights on this machine."""
    from vidgen_bench.cli.console import output, print_json

    rows = [_row(name) for name in _names()]
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
def show(name: Annotated[str, typer.Argument(help="Name of an instrument.")], as_json: _AsJson = False) -> None:
    """Show an instrument; of a C3D also where its weights lie and what their file says of itself."""
    from vidgen_bench.cli.console import output, print_json

    row = _row(name)
    if not row["sha256"]:
        _declaration(name).sha256()  # raises, with the command that brings the weights
    row |= _file(_declaration(name))
    if as_json:
        print_json(row)
        return
    console = output()
    for key, value in (row | row.pop("card", {})).items():
        text = "\n".join(f"  {k}: {v}" for k, v in value.items()) if isinstance(value, dict) else None
        shown = ", ".join(value) if isinstance(value, list | tuple) else value
        console.print(f"{key}:\n{text}" if text is not None else f"{key}: {shown}", soft_wrap=True)


def _names() -> list[str]:
    from vidgen_bench.host.host import Host

    return [found.name for found in Host.of_environment().of("instrument")]


def _declaration(name: str) -> Any:
    from vidgen_bench.host.host import Host

    return Host.of_environment().find("instrument", name).declaration


def _file(declaration: Any) -> dict[str, Any]:
    """Return where the file of a C3D lies and what it says of itself; how others keep their weights is their own affair."""
    from vidgen_bench.measure.instruments.c3d import C3DDeclaration

    if not isinstance(declaration, C3DDeclaration):
        return {}
    from vidgen_bench.measure.instruments.c3d.weights import read_card

    path = declaration.path
    return {"path": str(path), "card": read_card(path).model_dump(mode="json", exclude_defaults=True)}


def _row(name: str) -> dict[str, Any]:
    """Return what a listing shows of an instrument; sha256 is None where its weights are not on this machine."""
    declaration = _declaration(name)
    try:
        sha256 = declaration.sha256()
    except VidgenBenchError:
        sha256 = None
    return {
        "name": declaration.name,
        "summary": declaration.summary,
        "reference": declaration.reference,
        "layers": list(declaration.layers),
        "preprocessings": list(declaration.preprocessings),
        "sha256": sha256,
    }
