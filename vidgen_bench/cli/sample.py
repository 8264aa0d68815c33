"""``vidgen-bench sample``: render clips of a trained run, also between, before and after the training frames."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidgen_bench.errors import RequestError

if TYPE_CHECKING:
    from torch import Tensor

    from vidgen_bench.api import Times
    from vidgen_bench.system.output_file import Save

_COUNT = 16


class Format(StrEnum):
    """The file format."""

    gif = "gif"
    mp4 = "mp4"
    webp = "webp"
    png = "png"


class Checkpoint(StrEnum):
    """The checkpoint whose weights are loaded."""

    best = "best"
    last = "last"


def sample(
    run: Annotated[Path, typer.Argument(help="Folder of a run, finished or not: runs/TRACK/SPEC/seed-N.")],
    count: Annotated[int, typer.Option(min=1, help="Number of clips.")] = _COUNT,
    fps: Annotated[str, typer.Option(metavar="FACTOR", help="Frames per training frame: 4x, 4 or 1.5x.")] = "1",
    rewind: Annotated[int, typer.Option(min=0, help="Training frame intervals to add before the first frame.")] = 0,
    extend: Annotated[int, typer.Option(min=0, help="Training frame intervals to add after the last frame.")] = 0,
    layout: Annotated[
        Format | None, typer.Option("--format", help="Default: the ending of --out, or gif. png is a film strip.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Seed of the noise.")] = 0,
    label: Annotated[
        str | None,
        typer.Option(
            "--class",
            metavar="CLASS",
            help="Only this class of a class-conditional run: its name or number, or name:NAME or number:N.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="PATH", help="File to write (a folder with --separate). Default: in RUN.")
    ] = None,
    separate: Annotated[
        bool,
        typer.Option("--separate", help="Write one file per clip into a folder (png: one folder of frames per clip)."),
    ] = False,
    checkpoint: Annotated[Checkpoint, typer.Option(help="Checkpoint to load.")] = Checkpoint.best,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1.")] = "auto",
) -> None:
    """Render clips of RUN: at the training frames, and between, before or after them if its pair supports it."""
    factor = parse_factor(fps)
    _check_out(out, separate)
    chosen = _format_of(layout, out, separate)

    from vidgen_bench.cli.console import output
    from vidgen_bench.experiments.pictures.animation import TRAINING_RATE
    from vidgen_bench.experiments.sample.trained import load
    from vidgen_bench.system.files import write_whole
    from vidgen_bench.system.output_file import write_output

    console, rate = output(), TRAINING_RATE * factor
    trained = load(run, device=device, checkpoint=checkpoint.value)
    times = trained.times(fps=factor, rewind=rewind, extend=extend)
    number = None if label is None else trained.label(label)
    clip = trained.composition.clip
    target = out or trained.folder / _name(count, factor, rewind, extend, seed, number, checkpoint, chosen, separate)
    trained.check_size(count, times)
    _check_picture(chosen, rate, 1 if separate else count, clip.size)
    of_class = "" if label is None else f" of class {label}"
    console.print(
        f"rendering {count} clip{'s' * (count > 1)} of {len(times)} frames{of_class}: {trained.composition.resolved.spec} at "
        f"iteration {trained.iteration}, on {trained.device.type}",
        soft_wrap=True,
    )
    clips = trained.sample(count, fps=factor, rewind=rewind, extend=extend, seed=seed, label=number)
    save = write_output if out else partial(write_whole, below=trained.folder)
    drawn = _write(target, save, clips, times, clip.frames, rate, chosen, separate)
    console.print(f"wrote    {target}{'/' * separate}", soft_wrap=True)
    console.print(f"instants {_in_words(times, clip.frames, factor, rewind, extend)}", soft_wrap=True)
    if len(drawn) < len(times):
        step = f"{(drawn[1] - drawn[0]) / factor:g}" if len(drawn) > 1 else ""
        every = f"{len(drawn)} of them, {step} training frame intervals apart" if step else "one of them"
        console.print(f"shows    {every}; films and --separate show all", soft_wrap=True)
    if chosen is not Format.png:
        console.print(f"plays    {len(times) / rate:.3g} s at {rate:g} frames per second, the training speed")


def parse_factor(text: str) -> float:
    """Return 4.0 for ``4x`` and for ``4``.

    Raises:
        RequestError: the text is not a number.
    """
    try:
        return float(text.strip().lower().removesuffix("x"))
    except ValueError:
        raise RequestError(f"--fps {text}: expected a factor on the training frame rate, as in 4x or 1.5x.") from None


def _format_of(layout: Format | None, out: Path | None, separate: bool) -> Format:
    """Return the format from ``--format`` or the ending of ``--out``; refuse a contradiction."""
    ending = out.suffix.lower().removeprefix(".") if out and not separate else None
    if ending is None or (layout and layout.value == ending):
        return layout or Format.gif
    valid = ", ".join(f".{f.value}" for f in Format)
    if ending not in list(Format):
        raise RequestError(f"--out {out}: expected a file that ends in one of {valid}.")
    if layout:
        raise RequestError(f"--out {out} and --format {layout.value} contradict each other: leave one out.")
    return Format(ending)


def _name(
    count: int,
    fps: float,
    rewind: int,
    extend: int,
    seed: int,
    label: int | None,
    checkpoint: Checkpoint,
    layout: Format,
    separate: bool,
) -> str:
    """Return the default file name, which lists the options that differ from their defaults: ``sample-fps4x-seed3.gif``."""
    words = {
        f"count{count}": count != _COUNT,
        f"fps{fps:g}x": fps != 1,
        f"rewind{rewind}": rewind > 0,
        f"extend{extend}": extend > 0,
        f"class{label}": label is not None,
        f"seed{seed}": True,
        checkpoint.value: checkpoint is Checkpoint.last,
        layout.value: separate,
    }
    return "-".join(["sample", *(word for word, shown in words.items() if shown)]) + ("" if separate else f".{layout}")


def _check_out(out: Path | None, separate: bool) -> None:
    if out and separate and out.exists() and not out.is_dir():
        raise RequestError(f"--out {out} is a file; --separate writes a folder.")
    if out and not separate and out.is_dir():
        raise RequestError(f"--out {out} is a folder; name a file in it, or write one file per clip with --separate.")


def _check_picture(layout: Format, rate: float, count: int, size: int) -> None:
    from vidgen_bench.experiments.pictures.animation import check_film
    from vidgen_bench.experiments.pictures.grid import block_shape

    if layout is not Format.png:
        check_film(layout.value, rate, *block_shape(count, size))


def _write(
    target: Path, save: Save, clips: Tensor, times: Times, frames: int, rate: float, layout: Format, separate: bool
) -> Sequence[int]:
    """Write clips [N, 3, T, H, W] in a format and return the indices of the T instants that it shows."""
    from vidgen_bench.experiments.pictures.animation import Film, write_film
    from vidgen_bench.experiments.pictures.comparison import write_frame
    from vidgen_bench.experiments.pictures.filmstrip import write_strip
    from vidgen_bench.experiments.pictures.grid import Blocks

    if layout is Format.png and not separate:
        return write_strip(target, clips, times, frames, save)
    parts = {target: clips}
    if separate:
        ending = "" if layout is Format.png else f".{layout.value}"
        parts = {target / f"clip-{number:05d}{ending}": one for number, one in enumerate(clips.split(1))}
    for path, part in parts.items():
        if layout is not Format.png:
            write_film(path, Film(Blocks(part), rate), layout.value, save)
            continue
        for number in range(part.shape[2]):
            write_frame(path / f"frame-{number:05d}.png", part[0, :, number], save)
    return range(len(times))


def _in_words(times: Times, frames: int, fps: float, rewind: int, extend: int) -> str:
    """Return a description of the instants relative to the training frames."""
    # a fractional factor misses some training frames
    trained, them = f"the {frames} training frames", "them"
    if fps % 1:
        trained, them = f"the time span of {trained}", "it"
    beyond = [f"{n} {where} {them}" for n, where in ((rewind, "before"), (extend, "after")) if n]
    if beyond:
        count, rest = beyond[0].split(" ", 1)
        beyond[0] = f"{count} interval{'' if count == '1' else 's'} {rest}"
    *earlier, last = [trained, *beyond]
    stretch = f"{', '.join(earlier)} and {last}" if earlier else last
    density = "" if fps == 1 else f", {fps:g} instant{'' if f'{fps:g}' == '1' else 's'} per interval"
    return f"{stretch}{density}: {len(times)} from {times[0]:.3f} to {times[-1]:.3f} (0 is the first training frame, 1 the last)"
