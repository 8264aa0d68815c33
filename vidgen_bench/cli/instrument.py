"""``vidgen-bench instrument``: list, show, import and train measuring networks."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vidgen_bench.errors import RequestError, VidgenBenchError

if TYPE_CHECKING:
    from vidgen_bench.instruments.c3d.training import Plan

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="rich", help="The measuring networks: list, show, import, train."
)

_AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
_Force = Annotated[bool, typer.Option("--force", help="Overwrite an instrument of that name.")]


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


@app.command(
    "import", epilog="Weights: [bold]conv3d_deepnetA_ucf.npz[/bold] of TGANv2's release; mean: [bold]mean2.npz[/bold]."
)
def import_instrument(
    file: Annotated[Path, typer.Argument(help="Weights of C3D as chainer keeps them: conv3d_deepnetA_ucf.npz.")],
    mean: Annotated[Path, typer.Option(help="The mean cube: mean2.npz, array 'mean' of (3, 16, 128, 171), BGR.")],
    name: Annotated[str, typer.Option(help="What tracks will call it.")] = "c3d-ucf101",
    force: _Force = False,
) -> None:
    """Make an instrument of your own copy of the published C3D weights; shapes are checked and both hashes kept."""
    target = _target(name, None, force)
    from vidgen_bench.instruments.c3d.chainer_import import import_chainer
    from vidgen_bench.instruments.c3d.weights import read_instrument

    card = import_chainer(file, mean, target)
    print(f"{name}: C3D of width {card.width}, {card.classes} classes, {target}")
    print(f"sha256 {read_instrument(target).sha256}")


@app.command(epilog="The one that ships was made by this command; its model card has the options.")
def train(
    track: Annotated[
        str, typer.Option(help="Track whose data set and clip geometry are used: a name, or a .toml file.")
    ] = "shapes-smoke",
    name: Annotated[str | None, typer.Option(help="What tracks will call it.")] = None,
    output: Annotated[Path | None, typer.Option(help="File to write instead of one in the instrument folder.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the videos, in the UCF101 layout.")] = None,
    splits: Annotated[Path | None, typer.Option(help="Folder of classInd.txt and the lists.")] = None,
    steps: Annotated[int, typer.Option(min=1, help="Optimiser steps.")] = 350,
    batch: Annotated[int, typer.Option(min=2, help="Clips a step.")] = 16,
    learning_rate: Annotated[
        float, typer.Option(min=0.0, help="Highest learning rate of the one-cycle schedule.")
    ] = 2e-3,
    seed: Annotated[int, typer.Option(min=0, help="Seed of weights, clips and augmentation.")] = 0,
    held_out_clips: Annotated[
        int, typer.Option(min=1, help="Held-out clips to measure the accuracy on, at least.")
    ] = 200,
    force: _Force = False,
) -> None:
    """Train a slim C3D (channels / 8) on the training list of a track's data set, and measure it on the held-out list."""
    if (name is None) == (output is None):
        raise RequestError(
            "Say where the instrument goes: give --name NAME (instrument folder), or --output FILE, one of the two."
        )
    target = _target(name, output, force)
    from vidgen_bench.instruments.c3d.training import Plan

    plan = Plan(steps=steps, batch=batch, learning_rate=learning_rate, seed=seed, held_out_clips=held_out_clips)
    given = {
        "--track": track, "--data": data, "--splits": splits, "--steps": steps, "--batch": batch,
        "--learning-rate": learning_rate, "--seed": seed, "--held-out-clips": held_out_clips, "--name": name,
        "--output": output,
    }  # fmt: skip
    words = [str(word) for option, value in given.items() if value is not None for word in (option, value)]
    _train(track, data, splits, plan, target, shlex.join(["vidgen-bench", "instrument", "train", *words]))


def _train(track_name: str, data: Path | None, splits: Path | None, plan: Plan, target: Path, command: str) -> None:
    """Prepare the clips of a track, train on them, write the file, and say how good it is."""
    from vidgen_bench import places
    from vidgen_bench.data.prepare import prepare
    from vidgen_bench.data.sampler import ClipSampler
    from vidgen_bench.host import Host
    from vidgen_bench.instruments.c3d.training import train_instrument, write_trained
    from vidgen_bench.track import load_track

    track = load_track(track_name)
    if track.clip.frames != 16:
        raise RequestError(
            f"C3D measures 16 frames; the track {track.name!r} has {track.clip.frames}. Choose another track."
        )
    cache, report = places.cache_folder(), _Lines()
    source = Host.of_environment().find("data set", track.data.name).declaration.locate(data, splits, cache, report)
    store = prepare(
        source, split=track.data.split, geometry=track.data.geometry, clip_frames=16, cache=cache, report=report
    )
    if not store.test:
        raise RequestError(
            "The held-out list is empty: no accuracy can be measured. Give a split with test videos (--splits)."
        )
    clips = ClipSampler(store, "train", plan.seed, "cpu"), ClipSampler(store, "test", plan.seed, "cpu")
    weights, mean, held_out = train_instrument(*clips, store.classes, plan, report)
    about: dict[str, str | int] = {
        "command": command,
        "data_set": track.data.name,
        "data_fingerprint": store.fingerprint,
        "held_out_videos": len(store.test),
    }
    sha256 = write_trained(target, weights, mean, held_out, store.classes, plan, about)
    print(
        f"{target}: {held_out.correct} of {held_out.clips} held-out clips named right ({held_out.accuracy:.1%}); sha256 {sha256}"
    )


class _Lines:
    """Progress as lines on standard error: at most one every five seconds, and the last of each stage."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, what: str, done: int, total: int) -> None:
        import sys
        import time

        if time.monotonic() >= self._next or done == total > 0:
            print(f"{what}: {done}/{total}" if total else f"{what}: {done}", file=sys.stderr, flush=True)
            self._next = time.monotonic() + 5.0


def _names() -> list[str]:
    from vidgen_bench.host import Host

    return [found.name for found in Host.of_environment().of("instrument")]


def _declaration(name: str) -> Any:
    from vidgen_bench.host import Host

    return Host.of_environment().find("instrument", name).declaration


def _file(declaration: Any) -> dict[str, Any]:
    """Return where the file of a C3D lies and what it says of itself; how others keep their weights is their own affair."""
    from vidgen_bench.instruments.c3d import C3DDeclaration

    if not isinstance(declaration, C3DDeclaration):
        return {}
    from vidgen_bench.instruments.c3d.weights import read_card

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
        "sha256": sha256,
    }


def _target(name: str | None, output: Path | None, force: bool) -> Path:
    """Return where the instrument file goes, refused before any work: a bad name, the shipped one's, or one that is taken."""
    from vidgen_bench.instruments.c3d import SHIPPED, path_of
    from vidgen_bench.spec import NAME

    if name is not None and not NAME.match(name):
        raise RequestError(f"--name {name}: expected lower-case letters, digits, '-', '_' or '.', as in my-c3d.")
    if name == SHIPPED:
        raise RequestError(
            f"{SHIPPED!r} ships with the package and is not replaced. Give another --name, as in my-c3d."
        )
    target = path_of(name) if name is not None else output
    assert target is not None
    if target.exists() and not force:
        raise RequestError(f"{target} is already there. Give --force to overwrite it, or another name.")
    return target
