"""The decoder of videos: whether it gives the frames that it should, and that other decoders on this machine give."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vidgen_bench.errors import DataError, VidgenBenchError
from vidgen_bench.escaping import printable
from vidgen_bench.experiments.doctor.finding import Finding
from vidgen_bench.system.files import write_bytes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_VIDEO = "b9d5bc9b1a87e08e8df565399e5d5888996163b0fc28d8233137193ac15b86de"
"""SHA-256 of the test clip's file, the first of the data set ``shapes``, with PyAV 17.1 and 18.1 on x86-64."""

_FRAMES = "351b80f0d92462bdd68f61cdb89730a71db084c337e558ad2b852a5182ef65fb"
"""SHA-256 of its frames, uint8 [24, 120, 160, 3], which ffmpeg 9.0 and OpenCV give, too."""

_SECONDS = 60
_REINSTALL = "pip install --force-reinstall --no-deps 'av>=17.1'"

_OPENCV = """
import sys, cv2
video = cv2.VideoCapture(sys.argv[1])
while (read := video.read())[0]:
    sys.stdout.buffer.write(read[1][..., ::-1].tobytes())
"""


def check_decoders() -> Finding:
    """Return whether the decoders agree on a clip that is drawn and written here; PyAV alone is used in runs.

    Each decodes in a process of its own, so that one that crashes is reported.
    """
    try:
        import av

        from vidgen_bench.data.decoding.guarded import GuardedDecoder
        from vidgen_bench.data.shapes.draw import draw_clip
        from vidgen_bench.data.shapes.write import encode

        clip = draw_clip(0, 1, 1)
        content = encode(clip)
    except Exception as error:  # a broken library may raise anything
        return Finding("decoders", "fault", f"PyAV cannot write a video: {printable(str(error), 300)}", _REINSTALL)
    with tempfile.TemporaryDirectory(prefix="vidgen-bench-doctor-") as folder:
        path = Path(folder) / "clip.avi"
        write_bytes(path, content)
        try:
            frames = GuardedDecoder(_SECONDS).frames(path, 0, len(clip) + 1)
        except (DataError, VidgenBenchError) as error:
            return Finding(
                "decoders", "fault", f"PyAV {av.__version__} cannot decode: {printable(str(error), 300)}", _REINSTALL
            )
        if frames.shape != clip.shape:
            text = f"PyAV {av.__version__} decodes {list(frames.shape)}, expected {list(clip.shape)}"
            return Finding("decoders", "fault", text, _REINSTALL)
        others = {name: _compared(command, frames) for name, command in _commands(path).items()}
    as_shipped = (
        hashlib.sha256(content).hexdigest() == _VIDEO and hashlib.sha256(frames.tobytes()).hexdigest() == _FRAMES
    )
    return _finding(f"PyAV {av.__version__}", others, as_shipped)


def _finding(ours: str, others: Mapping[str, str], as_shipped: bool) -> Finding:
    """Return the finding for decoders that work; ``others`` has "" for each that agrees, else what it does instead."""
    details: dict[str, Any] = {"used": ours, "others": dict(others), "as_shipped": as_shipped}
    agree = [name for name, fault in others.items() if not fault]
    wrong = [f"{name} {fault}" for name, fault in others.items() if fault]
    text = (
        f"{ours} (used in runs) and {' and '.join(agree)} agree on a test clip"
        if agree
        else f"{ours} decodes a test clip"
    )
    if not others:
        text += "; no other decoder to compare with"
    if not as_shipped:
        text += "; its pixels are not those of the machine that made the package's statistics"
    if wrong:
        text += f"; {'; '.join(wrong)}"
    if not as_shipped:
        return Finding(
            "decoders",
            "note",
            text,
            "what ships is computed here instead, and results are in a table of their own",
            details,
        )
    if wrong:
        return Finding("decoders", "note", text, "runs do not use it", details)
    return Finding("decoders", "ok", text, details=details)


def _commands(path: Path) -> dict[str, list[str]]:
    """Return the command of each other decoder on this machine, which writes the frames as RGB to standard output."""
    raw = ["-nostdin", "-v", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    found = {}
    if program := shutil.which("ffmpeg"):
        found["ffmpeg"] = [program, *raw]
    elif find_spec("imageio_ffmpeg"):
        import imageio_ffmpeg

        found["ffmpeg (imageio)"] = [imageio_ffmpeg.get_ffmpeg_exe(), *raw]
    if find_spec("cv2"):
        found["OpenCV"] = [sys.executable, "-P", "-c", _OPENCV, str(path)]
    return found


def _compared(command: list[str], frames: NDArray[np.uint8]) -> str:
    """Return "" if a decoder gives these frames, else what it does instead."""
    import numpy as np

    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"fails ({printable(str(error), 80)})"
    if done.returncode:
        return f"fails (exit code {done.returncode})"
    if len(done.stdout) != frames.size:
        return f"gives {len(done.stdout) / (frames.size / len(frames)):.3g} frames, expected {len(frames)}"
    far = np.abs(np.frombuffer(done.stdout, np.uint8).astype(np.int16) - frames.reshape(-1))
    return f"differs by up to {far.max()} of 255 levels" if far.any() else ""
