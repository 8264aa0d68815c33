"""``vidgen-bench instrument train``: a slim C3D for a track of one's own."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidgen_bench.cli.instrument.clips import Lines, store_with_held_out
from vidgen_bench.cli.instrument.target import Force, target_of
from vidgen_bench.config.defaults import DEFAULT_TRACK
from vidgen_bench.errors import RequestError

if TYPE_CHECKING:
    from vidgen_bench.measure.instruments.c3d.training import Plan


def train(
    track: Annotated[
        str, typer.Option(help="Track whose data set and clip geometry are used: a name, or a .toml file.")
    ] = DEFAULT_TRACK,
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
    force: Force = False,
) -> None:
    """Train a slim C3D (channels / 8) on the training list of a track's data set, and measure it on the held-out list."""
    if (name is None) == (output is None):
        raise RequestError(
            "Say where the instrument goes: give --name NAME (instrument folder), or --output FILE, one of the two."
        )
    target = target_of(name, output, force)
    from vidgen_bench.measure.instruments.c3d.training import Plan

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
    from vidgen_bench.data.sampler import ClipSampler
    from vidgen_bench.measure.instruments.c3d.training import train_instrument, write_trained

    report = Lines()
    track, store = store_with_held_out(track_name, data, splits, report)
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
