"""Writes the data set ``shapes`` once, as AVI files in the UCF101 layout, which the code for UCF101 reads.

    <cache>/shapes-1/videos/DiscSlide/v_DiscSlide_g01_c01.avi
    <cache>/shapes-1/splits/classInd.txt, trainlist01.txt, testlist01.txt
    <cache>/shapes-1/complete.json

MPEG-4 part 2 with FourCC XVID, as in UCF101. The encoder gets YUV planes and a fixed quantiser: a library's own colour
conversion and rate control may round differently in another version and change the files.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from vidgen_bench.api import Report, VideoSource
from vidgen_bench.data.lock import hold
from vidgen_bench.data.shapes.draw import CLASSES, draw_clip
from vidgen_bench.system.files import disk_errors, sync_file, sync_folder, umask
from vidgen_bench.system.parsing import parse_json_text
from vidgen_bench.system.regular_files import read_file

VERSION = 1
"""Part of the folder's name; raise it whenever the drawing or the encoding changes."""

GROUPS, CLIPS = 10, 4
HELD_OUT = (8, 9, 10)
"""Groups of the test list: 96 videos; the other 224 are for training."""

RATE = 25  # frames per second

_QUANTISER = 3  # of MPEG-4, 1 to 31; about 28 kB a clip
_LAMBDA = 118  # FF_QP2LAMBDA: the encoder's unit of quality

MARKER = "complete.json"


def written(cache: Path, report: Report) -> VideoSource:
    """Return the folders of the data set; draw and write it first if it is missing or incomplete.

    If two processes start at once, one writes and the other waits.

    Raises:
        VidgenBenchError: ``cache`` cannot be written; no partial folder is left.
    """
    folder = cache / f"shapes-{VERSION}"
    if not _complete(folder):
        waiting = "waiting for another process that is drawing the shapes videos"
        with disk_errors(folder), hold(folder, report, waiting):
            if not _complete(folder):  # otherwise the process we waited for has written it
                _write(folder, report)
    return VideoSource(folder / "videos", folder / "splits")


def _write(folder: Path, report: Report) -> None:
    for left in folder.parent.glob(f".{folder.name}.*.part"):  # left by killed processes: this one holds the lock
        shutil.rmtree(left, ignore_errors=True)
    building = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    try:
        building.chmod(0o777 & ~umask())
        digest = _write_videos(building / "videos", report)
        _write_splits(building / "splits")
        with open(building / MARKER, "w", encoding="utf-8") as file:
            json.dump({"version": VERSION, "listing": _listing(building), "videos_sha256": digest}, file, indent=1)
            sync_file(file)
        if folder.exists():
            shutil.rmtree(folder)
        os.rename(building, folder)
        sync_folder(folder.parent)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise


def _clips() -> Iterator[tuple[int, int, int, str]]:
    """Yield (label, group, clip, path) of every video in list order."""
    for label, name in enumerate(CLASSES):
        for group in range(1, GROUPS + 1):
            for clip in range(1, CLIPS + 1):
                yield label, group, clip, f"{name}/v_{name}_g{group:02d}_c{clip:02d}.avi"


def _write_videos(videos: Path, report: Report) -> str:
    """Write every video; return the sha256 over all files in list order."""
    digest, todo = hashlib.sha256(), list(_clips())
    for name in CLASSES:
        (videos / name).mkdir(parents=True)
    for done, (label, group, clip, path) in enumerate(todo):
        report("drawing the shapes videos", done, len(todo))
        data = encode(draw_clip(label, group, clip))
        (videos / path).write_bytes(data)
        digest.update(data)
    report("drawing the shapes videos", len(todo), len(todo))
    return digest.hexdigest()


def _write_splits(splits: Path) -> None:
    splits.mkdir()
    train = [f"{path} {label + 1}" for label, group, _, path in _clips() if group not in HELD_OUT]
    test = [path for _, group, _, path in _clips() if group in HELD_OUT]
    classes = [f"{number} {name}" for number, name in enumerate(CLASSES, start=1)]
    for name, lines in (("classInd", classes), ("trainlist01", train), ("testlist01", test)):
        (splits / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def encode(frames: NDArray[np.uint8]) -> bytes:
    """Return frames [T, H, W, 3] as an AVI file: MPEG-4 part 2, FourCC XVID, a key frame every 12 frames."""
    file = io.BytesIO()
    with av.open(file, "w", format="avi", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("mpeg4", rate=RATE)
        stream.height, stream.width, stream.pix_fmt = frames.shape[1], frames.shape[2], "yuv420p"
        context = stream.codec_context
        context.codec_tag, context.gop_size, context.thread_count = "XVID", 12, 1
        context.time_base = Fraction(1, RATE)
        context.options = {
            "flags": "+bitexact+qscale",
            "global_quality": str(_QUANTISER * _LAMBDA),
            "idct": "simple",
            "dct": "int",
        }
        for t, planes in enumerate(_yuv420(frames)):
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts = t
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def _yuv420(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return YUV planes [T, 3 H / 2, W]: BT.601 limited range in integers, colour averaged over 2 x 2 pixels."""
    red, green, blue = np.moveaxis(frames, -1, 0).astype(np.int32, order="C")
    count, rows, columns = red.shape
    y = (66 * red + 129 * green + 25 * blue + 128 >> 8) + 16
    small = [
        plane[:, 0::2, 0::2] + plane[:, 0::2, 1::2] + plane[:, 1::2, 0::2] + plane[:, 1::2, 1::2]
        for plane in (red, green, blue)
    ]
    red, green, blue = small

    def shifted(plane: NDArray[np.int32]) -> NDArray[np.int32]:
        return ((plane + 512 >> 10) + 128).reshape(count, rows // 4, columns)

    u, v = shifted(112 * blue - 38 * red - 74 * green), shifted(112 * red - 94 * green - 18 * blue)
    return np.concatenate([y, u, v], axis=1).astype(np.uint8)


def _complete(folder: Path) -> bool:
    """Return whether the data set exists and every file has its original size."""
    try:
        marker = parse_json_text(read_file(folder / MARKER))
        return marker["version"] == VERSION and marker["listing"] == _listing(folder)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return False


def _listing(folder: Path) -> str:
    """Return the sha256 of the names and sizes of the videos and lists."""
    files = sorted((p.relative_to(folder).as_posix(), p.stat().st_size) for p in folder.glob("*/**/*") if p.is_file())
    return hashlib.sha256(json.dumps(files).encode()).hexdigest()
