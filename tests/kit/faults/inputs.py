"""Every kind of file and text that a user is given by somebody else, and the command that reads it."""

from __future__ import annotations

import io
import random
import shutil
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tests.kit.caffe_files import write_caffe_files
from tests.kit.chainer_files import write_chainer_files
from tests.kit.data_files import moving_frames
from tests.kit.faults.spoil import HOSTILE, VALUES, spoil
from tests.kit.submitted_results import seeds_of, submitted
from tests.kit.workplace import Workplace
from vidgen_bench.data.shapes.write import encode

FORMATS = ("table", "json", "csv", "markdown", "latex", "report")

Make = Callable[[random.Random, Path], list[str]]


@dataclass(frozen=True)
class Input:
    """One kind of input: ``make(chance, folder)`` writes a spoiled one into an empty folder and returns the command's arguments."""

    name: str
    share: int
    """How often it is tried, relative to the others: cheap commands more often."""
    make: Make


def inputs(place: Workplace) -> list[Input]:
    """Return the kinds of input, with sound originals taken from a workplace that has a finished run of ``tgan+conv1d``."""
    run = place.root / "runs" / "tiny" / "tgan+conv1d" / "seed-0"
    data = ["--data", str(place.root / "data/videos"), "--splits", str(place.root / "data/splits"), "--device", "cpu"]
    track = ["--track", str(place.root / "tiny.toml"), *data]
    return [
        Input("record.json", 8, _record(run)),
        Input("submitted results", 4, _submitted()),
        Input("track", 7, _track(place)),
        Input("suite", 6, _suite(track)),
        Input("protocol", 8, _protocol(run)),
        Input("split lists", 4, _lists(place)),
        Input("command line", 5, _words(track)),
        Input("arrays", 2, _arrays(track)),
        Input("videos and pictures", 2, _pictures(track)),
        Input("instrument files", 3, _instrument(place)),
        Input("run folder", 2, _run_folder(run)),
        Input("cache", 3, _cache(place, track)),
    ]


def _record(run: Path) -> Make:
    content = (run / "record.json").read_bytes()

    def make(chance: random.Random, folder: Path) -> list[str]:
        for name, made in (("good", content), ("bad", spoil("record.json", content, chance))):
            (folder / "runs" / name).mkdir(parents=True)
            (folder / "runs" / name / "record.json").write_bytes(made)
        layout = ["--format", chance.choice(FORMATS)]
        return [
            "leaderboard",
            "--runs",
            str(folder / "runs"),
            *chance.choice((layout, [*layout, "--extra"], ["--within", "backbone"])),
        ]

    return make


def _submitted() -> Make:
    originals = seeds_of("tgan+ode1")

    def make(chance: random.Random, folder: Path) -> list[str]:
        paths = submitted(folder / "leaderboards", *originals)
        path = chance.choice(paths)
        path.write_bytes(spoil("seed.json", path.read_bytes(), chance))
        if chance.random() < 0.2:
            path.rename(
                path.with_name(
                    chance.choice(("seed--1.json", "SEED-0.JSON", "seed-0.withdrawn.json", "a\nb.json", "x.html"))
                )
            )
        return ["verify", str(folder / "leaderboards"), "--write"]

    return make


def _track(place: Workplace) -> Make:
    content = (place.root / "tiny.toml").read_bytes()

    def make(chance: random.Random, folder: Path) -> list[str]:
        (folder / "odd.toml").write_bytes(spoil("odd.toml", content, chance))
        return ["run", "tgan+conv1d", "--track", str(folder / "odd.toml"), "--dry-run", "--device", "cpu"]

    return make


SUITE = b"""
name = "odd"
title = "Two rows"
track = "shapes-64"
metric = "fid"
rows = ["conv1d", "ODE"]
columns = ["TGAN"]

[[cells]]
row = "conv1d"
column = "TGAN"
spec = "tgan+conv1d"
published = { mean = 15.06, std = 0.25 }

[[cells]]
row = "ODE"
column = "TGAN"
spec = "tgan+ode1"
set = { "temporal.hidden" = 32 }
"""


def _suite(track: Sequence[str]) -> Make:
    def make(chance: random.Random, folder: Path) -> list[str]:
        (folder / "odd.toml").write_bytes(spoil("odd.toml", SUITE, chance))
        return ["ablate", str(folder / "odd.toml"), *track, "--dry-run"]

    return make


def _protocol(run: Path) -> Make:
    import vidgen_bench.config

    source = Path(vidgen_bench.config.__file__).parent / "protocols"
    contents = [path.read_bytes() for path in sorted(source.glob("*.toml"))]

    def make(chance: random.Random, folder: Path) -> list[str]:
        (folder / "odd.toml").write_bytes(spoil("odd.toml", chance.choice(contents), chance))
        return ["protocols", "show", str(folder / "odd.toml")]

    return make


def _lists(place: Workplace) -> Make:
    def make(chance: random.Random, folder: Path) -> list[str]:
        shutil.copytree(place.root / "data" / "splits", folder / "splits")
        path = chance.choice(sorted((folder / "splits").iterdir()))
        path.write_bytes(spoil(path.name, path.read_bytes(), chance))
        videos = ["--data", str(place.root / "data/videos"), "--splits", str(folder / "splits")]
        return ["data", "info", "--track", str(place.root / "tiny.toml"), *videos]

    return make


def _words(track: Sequence[str]) -> Make:
    def make(chance: random.Random, folder: Path) -> list[str]:
        word = chance.choice((*HOSTILE, *map(str, VALUES))).replace("\x00", "")
        word = word.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")
        value = f"{chance.choice(('temporal.hidden', 'backbone.width', 'backbone.batch', 'x.y', word))}={word}"
        where: list[list[str]] = [
            ["--set", value], ["--budget", f"iterations={word}"], ["--seeds", word], ["--seed", word], ["--threads", word],
            ["--track", word], ["--data", word], ["--device", word], ["--runs", word],
        ]  # fmt: skip
        spec = chance.choice(("tgan+ode1", "tgan", f"tgan+{word}", f"{word}+ode1", f"tgan+ode1:{word}", word))
        return ["run", f"./{spec}" if spec.startswith("-") else spec, *track, *chance.choice(where), "--dry-run"]

    return make


def _packed(array: np.ndarray, kind: str, chance: random.Random) -> bytes:
    stream = io.BytesIO()
    if kind == "npy":
        np.save(stream, array)
    elif kind == "npz":
        np.savez_compressed(stream, array)
    else:
        with zipfile.ZipFile(stream, "w", chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
            for number, clip in enumerate(array):
                for t, frame in enumerate(clip):
                    picture = io.BytesIO()
                    Image.fromarray(frame).save(picture, "PNG")
                    archive.writestr(f"{number}/{t}.png", picture.getvalue())
    return stream.getvalue()


def _arrays(track: Sequence[str]) -> Make:
    clips = np.stack([moving_frames(16, seed, 64, 64) for seed in range(4)])

    def make(chance: random.Random, folder: Path) -> list[str]:
        others = (clips.astype(np.float32) / 255, clips.astype(np.float64), clips.transpose(0, 4, 1, 2, 3), clips[:, 0])
        array = chance.choice(others) if chance.random() < 0.5 else clips
        kind = chance.choice(("npy", "npy", "npz", "zip") if array is clips else ("npy", "npz"))
        name = f"clips.{chance.choice(('npy', 'npz', 'safetensors', 'zip')) if chance.random() < 0.2 else kind}"
        (folder / name).write_bytes(spoil(name, _packed(array, kind, chance), chance))
        return [
            "evaluate",
            str(folder / name),
            *track,
            "--samples",
            "4",
            "--name",
            "odd",
            "--runs",
            str(folder / "out"),
        ]

    return make


def _picture(frames: np.ndarray, suffix: str) -> bytes:
    stream = io.BytesIO()
    first, *rest = (Image.fromarray(frame) for frame in frames)
    if suffix in (".gif", ".webp"):
        first.save(stream, suffix[1:].upper(), save_all=True, append_images=rest)
    else:
        first.save(stream, {".jpg": "JPEG"}.get(suffix, "PNG"))
    return stream.getvalue()


FOREIGN = (
    b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n%%EndComments\nshowpage\n%%EOF\n",
    b"ffconcat version 1.0\nfile ../../victim\n", b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n",
    b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>", b"RIFF\xff\xff\xff\xffAVI ", b"",
)  # fmt: skip
"""Contents of another kind than the name says, some of which start other programs or name other files."""


def _pictures(track: Sequence[str]) -> Make:
    clips = [moving_frames(16, seed, 64, 64) for seed in range(4)]
    films = [encode(clip) for clip in clips]

    def make(chance: random.Random, folder: Path) -> list[str]:
        given, suffix = folder / "clips", chance.choice((".avi", ".avi", ".png", ".jpg", ".gif", ".webp"))
        for number, (clip, film) in enumerate(zip(clips, films, strict=True)):
            if suffix in (".png", ".jpg"):
                for t, frame in enumerate(clip):
                    path = given / str(number) / f"{t}{suffix}"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(_picture(frame[None], suffix))
            else:
                given.mkdir(exist_ok=True)
                (given / f"{number}{suffix}").write_bytes(film if suffix == ".avi" else _picture(clip, suffix))
        path = chance.choice(sorted(p for p in given.rglob("*") if p.is_file()))
        path.write_bytes(
            chance.choice(FOREIGN) if chance.random() < 0.2 else spoil(path.name, path.read_bytes(), chance)
        )
        if chance.random() < 0.2:
            path.rename(
                path.with_name(
                    chance.choice(("tcp:127.0.0.1:9.avi", "http:127.0.0.1.avi", "-i.avi", "%d.png", "a\x1b[2J.avi"))
                )
            )
        return ["evaluate", str(given), *track, "--samples", "4", "--name", "odd", "--runs", str(folder / "out")]

    return make


def _instrument(place: Workplace) -> Make:
    published = []
    for write in (write_chainer_files, write_caffe_files):
        (place.root / write.__name__).mkdir(exist_ok=True)
        published.append([path.name for path in write(place.root / write.__name__)])
    folders = [place.root / write.__name__ for write in (write_chainer_files, write_caffe_files)]

    def make(chance: random.Random, folder: Path) -> list[str]:
        number = chance.randrange(2)
        for name in published[number]:
            shutil.copy(folders[number] / name, folder / name)
        path = folder / chance.choice(published[number])
        path.write_bytes(spoil(path.name, path.read_bytes(), chance))
        weights, mean = (folder / name for name in published[number])
        if chance.random() < 0.2:
            weights = weights.rename(
                folder / chance.choice(("rgb_imagenet.pt", "weights.npz", "weights.safetensors", "weights.npy"))
            )
        return ["instrument", "import", str(weights), "--mean", str(mean), "--name", "odd", "--force"]

    return make


def _run_folder(run: Path) -> Make:
    def make(chance: random.Random, folder: Path) -> list[str]:
        copied = folder / "runs" / "tiny" / "tgan+conv1d" / "seed-0"
        shutil.copytree(run, copied)
        path = chance.choice(
            [p for p in sorted(copied.iterdir()) if p.is_file() and p.suffix in (".json", ".pt", ".jsonl")]
        )
        if chance.random() < 0.1:
            path.unlink()
            path.symlink_to(folder.parent / "victim")
        else:
            path.write_bytes(spoil(path.name, path.read_bytes(), chance))
        return ["sample", str(copied), "--count", "1", "--out", str(folder / "out.gif"), "--device", "cpu"]

    return make


def _cache(place: Workplace, track: Sequence[str]) -> Make:
    def make(chance: random.Random, folder: Path) -> list[str]:
        cache = place.root / "cache"
        shutil.rmtree(cache, ignore_errors=True)
        shutil.copytree(place.root / "whole cache", cache)
        path = chance.choice([p for p in sorted(cache.rglob("*")) if p.is_file() and 0 < p.stat().st_size < 2**22])
        path.write_bytes(spoil(path.name, path.read_bytes(), chance))
        return chance.choice((["data", "info", *track[:-2]], ["data", "verify", *track[:-2]], ["reference", "show"]))

    return make
