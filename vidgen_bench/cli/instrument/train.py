"""``vidgen-bench instrument train``: an instrument for a track of your own."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidgen_bench.cli.console import say
from vidgen_bench.cli.instrument.clips import Lines, store_with_held_out
from vidgen_bench.cli.instrument.new_instrument import Force, check_name, free, named_kind
from vidgen_bench.config.defaults import DEFAULT_TRACK
from vidgen_bench.errors import RequestError
from vidgen_bench.system.output_file import destination

if TYPE_CHECKING:
    from vidgen_bench.api import Instrument

DEFAULT_KIND = "c3d"


def train(
    track: Annotated[
        str, typer.Option(help="Track whose data set and clip geometry are used: a name, or a .toml file.")
    ] = DEFAULT_TRACK,
    name: Annotated[str | None, typer.Option(help="Name for the instrument, as tracks will refer to it.")] = None,
    output: Annotated[Path | None, typer.Option(help="File to write instead of one in the instrument folder.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the videos, in the UCF101 layout.")] = None,
    splits: Annotated[Path | None, typer.Option(help="Folder of classInd.txt and the lists.")] = None,
    steps: Annotated[int, typer.Option(min=1, help="Optimiser steps.")] = 350,
    batch: Annotated[int, typer.Option(min=2, help="Clips per step.")] = 16,
    learning_rate: Annotated[
        float, typer.Option(min=0.0, help="Highest learning rate of the one-cycle schedule.")
    ] = 2e-3,
    seed: Annotated[int, typer.Option(min=0, help="Seed of weights, clips and augmentation.")] = 0,
    held_out_clips: Annotated[int, typer.Option(min=1, help="Fewest held-out clips to measure the accuracy on.")] = 200,
    kind: Annotated[
        str | None,
        typer.Option(
            show_default=DEFAULT_KIND,
            help="Kind of the instrument: c3d, c3d-64 (reads clips of 64 pixels without a resize), c3d-64-motion (also trained to "
            "recognise shuffled and frozen clips), or a plugin's.",
        ),
    ] = None,
    force: Force = False,
) -> None:
    """Train an instrument on the training list of a track's data set, and measure it on the held-out list."""
    if (name is None) == (output is None):
        raise RequestError("Give either --name NAME (a file in the instrument folder) or --output FILE.")
    instrument: Instrument = named_kind("trainer", kind or DEFAULT_KIND).declaration
    trainer = instrument.trainer
    assert trainer is not None
    if name is not None:
        check_name(name, "trainer", trainer.kind)
    target = free(destination(output) if output is not None else trainer.target(str(name)), force)
    given = {
        "--track": track, "--data": data, "--splits": splits, "--steps": steps, "--batch": batch,
        "--learning-rate": learning_rate, "--seed": seed, "--held-out-clips": held_out_clips, "--name": name,
        "--output": output, "--kind": kind,
    }  # fmt: skip
    words = [str(word) for option, value in given.items() if value is not None for word in (option, value)]
    progress = Lines()
    resolved, store = store_with_held_out(track, data, splits, instrument, progress)
    from vidgen_bench.api import TrainingRequest
    from vidgen_bench.data.sampler import ClipSampler

    request = TrainingRequest(
        train=ClipSampler(store, "train", seed, "cpu"),
        held_out=ClipSampler(store, "test", seed, "cpu"),
        classes=store.classes,
        steps=steps,
        batch=batch,
        learning_rate=learning_rate,
        seed=seed,
        held_out_clips=held_out_clips,
        provenance={
            "command": shlex.join(["vidgen-bench", "instrument", "train", *words]),
            "data_set": resolved.data.name,
            "data_fingerprint": store.fingerprint,
            "held_out_videos": len(store.test),
        },
    )
    say(trainer.write(request, target, progress))
