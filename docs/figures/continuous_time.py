"""Draws continuous-time.png: the same latents at 1x, at 4x and rewound, one below the other, aligned in time.

vidgen-bench run tgan+ode2
python docs/figures/continuous_time.py runs/shapes-smoke/tgan+ode2/seed-0
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

import vidgen_bench
from vidgen_bench.experiments.pictures.grid import pixels

FPS, REWIND, LAST = 4, 2, 4
"""Frames per training frame in the dense row, intervals before the first frame in the rewound row, last frame drawn."""
CELL, LEFT, TOP, GAP, BETWEEN = 48, 152, 130, 12, 30
INK, FAINT, BEFORE, PAPER = (40, 40, 40), (150, 150, 150), (33, 102, 172), (255, 255, 255)

Row = tuple[str, str, Tensor, list[float]]
"""The option, its meaning, the clips [N, 3, T, H, W], and the positions of their frames, in training frames."""


def rows_of(run: Path, clips: list[int], seed: int) -> tuple[str, list[Row]]:
    """Return a title and the three rows of a run."""
    trained = vidgen_bench.load(run, device="cpu")
    last = trained.composition.clip.frames - 1
    rows = []
    for option, words, arguments in (
        ("--fps 1x", "as trained", {}),
        (f"--fps {FPS}x", "between", {"fps": FPS}),
        (f"--rewind {REWIND}", "before", {"rewind": REWIND}),
    ):
        made = trained.sample(max(clips) + 1, seed=seed, **arguments)[clips]
        rows.append((option, words, made, [t * last for t in trained.times(**arguments)]))
    return f"{trained.composition.resolved.spec}, {trained.iteration} iterations", rows


def x_of(position: float) -> int:
    """Return the left edge of the cell of an instant; the cells of the dense row are adjacent."""
    return LEFT + round((position + REWIND) * FPS * CELL)


def draw(title: str, rows: list[Row], clips: int) -> Image.Image:
    """Return the figure."""
    height = len(rows) * (CELL + GAP) - GAP
    page = Image.new("RGB", (x_of(LAST) + CELL + 16, TOP + clips * (height + BETWEEN) - BETWEEN + 12), PAPER)
    pen = ImageDraw.Draw(page)
    pen.text(
        (16, 10),
        f"{clips} latents, each rendered three times; pictures on one line are the same frame ({title})",
        fill=INK,
        font=font(24),
    )
    header(pen)
    for clip in range(clips):
        top = TOP + clip * (height + BETWEEN)
        for position in range(LAST + 1):  # the pictures on this line are one frame, rendered three times
            middle = x_of(position) + CELL // 2
            pen.line((middle - 1, top - 6, middle - 1, top + height), fill=FAINT, width=2)
        for number, (option, words, made, positions) in enumerate(rows):
            y = top + number * (CELL + GAP)
            pen.text((16, y + 1), option, fill=INK, font=font(22))
            pen.text((16, y + 27), words, fill=(90, 90, 90), font=font(18))
            for index, position in enumerate(positions):
                if position <= LAST:
                    frame = Image.fromarray(np.ascontiguousarray(pixels(made[clip : clip + 1])[0, index]))
                    page.paste(frame.resize((CELL, CELL), Image.Resampling.LANCZOS), (x_of(position), y))
    return page


def header(pen: ImageDraw.ImageDraw) -> None:
    """Draw the ruler, which separates the training frames from the instants before them."""
    spans = (
        ("before the first frame", x_of(-REWIND), x_of(0) - FPS, BEFORE),
        (f"training frames (the first {LAST + 1})", x_of(0), x_of(LAST) + CELL, INK),
    )
    for words, left, right, colour in spans:
        pen.rectangle((left, 81, right - 1, 86), fill=colour)
        pen.text((left, 52), words, fill=colour, font=font(22))
    for position in range(-REWIND, LAST + 1):
        colour = BEFORE if position < 0 else INK
        pen.text((x_of(position) + CELL // 2, 93), str(position), fill=colour, font=font(22), anchor="ma")


def font(size: int) -> ImageFont.FreeTypeFont:
    """Return Pillow's default typeface."""
    return ImageFont.load_default(size)


def main() -> None:
    """Draw the figure next to this script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of a run whose pair supports instants between and before")
    parser.add_argument("--clips", type=int, nargs="+", default=[0, 9, 11], help="which samples")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("continuous-time.png"))
    arguments = parser.parse_args()
    page = draw(*rows_of(arguments.run, arguments.clips, arguments.seed), len(arguments.clips))
    page.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=100, dither=Image.Dither.NONE).save(
        arguments.out, optimize=True
    )


if __name__ == "__main__":
    main()
