"""A board as a paper would show it: rows of five seeds that differ or do not, with traces, costs and clips; and one of any size."""

from __future__ import annotations

import colorsys
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from tests.kit.record_files import EXTERNAL, MEASURED, record
from vidgen_bench.records.record import Record, write_record

TRACK = "ucf101-64-paper"
"""The name of a track with published rows."""

ROWS = {
    # spec: IS, FID, device-hours, parameters of G_t
    "tgan": (5.35, 212.0, 0.050, 826_468),
    "tgan+ode1": (5.60, 196.0, 0.061, 61_632),
    "tgan+ode2": (5.72, 190.0, 0.083, 123_264),
    "tgan+sde": (5.20, 221.0, 0.122, 123_300),
    "tgan+gru": (5.38, 208.0, 0.048, 394_752),
    "tgan+constant": (2.90, 430.0, 0.031, 0),
    "tgan+iid": (2.45, 512.0, 0.031, 0),
    "mocogan": (4.90, 260.0, 0.071, 12_300),
    "mocogan+ode1:equal": (5.55, 204.0, 0.074, 12_340),
    "mocogan+sde": (4.30, 250.0, 0.140, 24_620),
}
"""Numbers that no run has shown."""

_SD = 0.12, 7.0
_POINTS = 25
_ITERATIONS = 2_000


def board_records() -> Iterator[Record]:
    """Yield the records: ten complete rows, one with a diverged seed, one without two of its seeds, and external clips."""
    draw = random.Random(16)
    for number, (spec, (score, distance, hours, parameters)) in enumerate(ROWS.items()):
        for seed in range(5):
            diverged = (spec, seed) == ("mocogan+sde", 3)
            yield _run(draw, number, spec, seed, score, distance, hours, parameters, diverged)
    for seed in range(3):
        yield _run(draw, 10, "tgan+lstm", seed, 5.3, 215.0, 0.055, 400_000, False)
    scores = {"is": [4.1, 4.2], "fid": [280.0, 284.0]}
    yield record("clips", track=TRACK, **EXTERNAL, scores=scores, measured=_measured(0.0, "2026-11-20"))


def _run(
    draw: random.Random,
    number: int,
    spec: str,
    seed: int,
    score: float,
    distance: float,
    hours: float,
    parameters: int,
    diverged: bool,
) -> Record:
    level = score + draw.gauss(0, _SD[0]), distance + draw.gauss(0, _SD[1])
    trace = _trace(draw, *level)
    best = None if diverged else min(trace, key=lambda point: point["scores"]["fid"])
    return record(
        spec,
        seed,
        track=TRACK,
        model={"null": spec in ("tgan+constant", "tgan+iid")},
        diverged=diverged,
        scores={
            "is": [level[0] + draw.gauss(0, 0.05) for _ in range(4)],
            "fid": [level[1] + draw.gauss(0, 2) for _ in range(4)],
        },
        trace=trace,
        best=best and {"iteration": best["iteration"], "metric": "fid", "value": best["scores"]["fid"]},
        parameters={
            "temporal": parameters,
            "parts": {"generator": 13_000_000 + parameters, "discriminator": 11_000_000},
        },
        spent={"iterations": _ITERATIONS, "clips": 8 * _ITERATIONS, "flops": 1e13},
        measured=_measured(hours * draw.uniform(0.98, 1.02), f"2026-11-{20 + number % 4}"),
    )


def _measured(hours: float, day: str) -> dict[str, Any]:
    return MEASURED | {
        "device_hours": hours,
        "started": f"{day}T08:00:00+00:00",
        "finished": f"{day}T09:00:00+00:00",
        "revision": "970e0f223d1621c822364e680ef170f59b2d0e3f",
        "peak_memory_bytes": 1_267_478_528,
    }


def _trace(draw: random.Random, score: float, distance: float) -> list[dict[str, Any]]:
    """Return evaluations that approach a score, with some jitter."""
    points = []
    for i in range(1, _POINTS + 1):
        part = 1 - 0.85**i
        values = {
            "is": 1 + (score - 1) * part + draw.gauss(0, 0.1),
            "fid": 1200 + (distance - 1200) * part + draw.gauss(0, 12),
        }
        points.append(
            {"iteration": i * _ITERATIONS // _POINTS, "losses": {"generator.adversarial": 0.3}, "scores": values}
        )
    return points


def write_board(folder: Path, size: int = 64) -> Path:
    """Write the records with clips of seed 0, of ``size`` pixels per side, as ``runs`` below a folder, as runs do."""
    for number, one in enumerate(board_records()):
        place = folder / "runs" / one.track.name / one.spec.replace(":", ".") / f"seed-{one.seed}"
        write_record(place / "record.json", one)
        if one.seed == 0 and one.external is None:
            moving_pictures(place / "samples.gif", number, size=size)
    place = folder / "runs" / TRACK / "tgan+ode2" / "seed-0"
    moving_block(place / "sample-fps4x-seed0.gif", 61, 4, size)
    moving_block(place / "sample-rewind8-seed0.gif", 24, 4, size, 1)
    return folder / "runs"


def large_board(folder: Path, rows: int = 200, seeds: int = 5, points: int = 100) -> Path:
    """Write ``rows`` x ``seeds`` records without clips, and return the folder."""
    draw = random.Random(3)
    for row in range(rows):
        score, distance = draw.uniform(2, 7), draw.uniform(150, 600)
        options = {f"temporal.option_{i}": (draw.random(), "default") for i in range(16)} | {
            "temporal.order": (row % 5, "given"),
            "backbone.width": (round(0.1 + row / 40, 3), "given"),
        }
        for seed in range(seeds):
            trace = [
                {
                    "iteration": 1000 * (i + 1),
                    "losses": {"g": 0.1},
                    "scores": {"is": score + draw.gauss(0, 0.2), "fid": distance + draw.gauss(0, 9)},
                }
                for i in range(points)
            ]
            made = record(
                f"{('tgan', 'mocogan', 'vgan')[row % 3]}+ode{1 + row % 7}",
                seed,
                options=options,
                scores={
                    "is": [score + draw.gauss(0, 0.3) for _ in range(10)],
                    "fid": [distance + draw.gauss(0, 9) for _ in range(10)],
                },
                trace=trace,
                best={"iteration": trace[-1]["iteration"], "metric": "fid", "value": trace[-1]["scores"]["fid"]},
            )
            write_record(folder / "runs" / f"{row:03}" / f"seed-{seed}" / "record.json", made)
    return folder / "runs"


def moving_pictures(path: Path, number: int = 0, frames: int = 16, size: int = 64) -> None:
    """Write ``samples.gif`` as a run does: a block of 16 generated clips beside one of 16 real clips, enlarged twice."""
    block = 8 * size
    pages = []
    for t in range(frames):
        page = _page((2 * block + 36, block + 28), number)
        for k, left in enumerate((12, 24 + block)):
            page.paste(_block(t + 5 * k, 2 * size, number), (left, 16))
        pages.append(page)
    _write(path, pages, 120)


def moving_block(path: Path, frames: int, number: int, size: int = 64, speed: int = 4) -> None:
    """Write a film as ``vidgen-bench sample`` does: one block of 16 clips, enlarged twice."""
    _write(path, [_block(t / speed, 2 * size, number) for t in range(frames)], 120 // speed)


def _write(path: Path, pages: Sequence[Image.Image], duration: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pages[0].save(path, save_all=True, append_images=pages[1:], duration=duration, loop=0)


def _page(size: tuple[int, int], number: int) -> Image.Image:
    """Return an empty page whose palette has two colours per clip: pages with a palette are written in a tenth of the time."""
    page = Image.new("P", size, 255)
    colours = [0] * 768
    for i in range(16):
        for k, light in enumerate((0.25, 0.75)):
            red, green, blue = colorsys.hls_to_rgb((number * 0.1 + i * 0.17 + k * 0.4) % 1, light, 0.5)
            colours[6 * i + 3 * k : 6 * i + 3 * k + 3] = [int(255 * red), int(255 * green), int(255 * blue)]
    colours[765:] = [255, 255, 255]
    page.putpalette(colours)
    return page


def _block(t: float, side: int, number: int) -> Image.Image:
    block = _page((4 * side, 4 * side), number)
    draw = ImageDraw.Draw(block)
    for i in range(16):
        left, top, wide = side * (i % 4), side * (i // 4), side // 3
        draw.rectangle((left, top, left + side, top + side), fill=2 * i)
        x, y = left + (side * t / 18 + 11 * i) % (side - wide), top + (side * t / 40 + 23 * i) % (side - wide)
        draw.ellipse((x, y, x + wide, y + wide), fill=2 * i + 1)
    return block
