"""The child process that decodes videos. If a video makes it crash or hang, the parent process is not affected.

It reads one JSON request per line from standard input and answers each with one JSON line on standard output, which is followed by
as many bytes as the line's "bytes" says. The standard output of decoders is redirected to standard error, so that it cannot mix with
the answers.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import IO, Any

from vidgen_bench.system.interrupt import STOPS


def main() -> None:
    """Answer requests until the parent closes standard input or dies."""
    # a terminal or a batch system sends them to every process; the parent ends this one
    for number in (getattr(signal, name) for name in STOPS if hasattr(signal, name)):
        signal.signal(number, signal.SIG_IGN)
    _exit_with_parent(int(sys.argv[1]))
    _first_to_be_killed()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    requests: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read_requests, args=(requests,), daemon=True).start()
    from vidgen_bench.data.decoding import video

    _answer(answers, {"ready": video.__name__})
    while True:
        _answer(answers, serve(json.loads(requests.get())))


def serve(request: dict[str, Any]) -> dict[str, Any]:
    """Decode ``video``, and store, return or only count its frames.

    A request with ``part`` and ``geometry`` writes the uint8 frames [T, 3, h, w] to the file ``part``; one with ``start`` and ``stop``
    returns these frames as they are.

    Returns:
        ``{frames, height, width, repeats, decoder}`` with, for a part, its ``sha256`` or, for frames, their ``data``, uint8
        [T, H, W, 3]; ``{fault}`` if the video is bad; ``{disk}`` if ``part`` cannot be written.
    """
    from vidgen_bench.errors import DataError

    try:
        return _store(request) if "part" in request else _read(request)
    except DataError as error:
        return {"fault": str(error)}
    except OSError as error:
        if "part" not in request:
            return {"fault": f"{request['video']}: cannot be read ({error.strerror or error})."}
        with contextlib.suppress(OSError):
            os.unlink(request["part"])
        return {"disk": error.strerror or str(error)}
    except MemoryError:
        return {"fault": f"{request['video']}: too large to decode in the free memory.", "passing": True}


def _store(request: dict[str, Any]) -> dict[str, Any]:
    from vidgen_bench.data.decoding.video import read
    from vidgen_bench.data.geometry import FrameGeometry

    geometry = FrameGeometry(**{**request["geometry"], "crop": tuple(request["geometry"]["crop"])})
    digest = hashlib.sha256()
    with open(request["part"], "wb") as part:

        def take(frames: Any) -> None:
            data = geometry.apply(frames).tobytes()
            digest.update(data)
            part.write(data)

        reading = read(Path(request["video"]), take)
    return {**dataclasses.asdict(reading), "sha256": digest.hexdigest()}


def _read(request: dict[str, Any]) -> dict[str, Any]:
    from vidgen_bench.data.decoding.video import read

    start, stop = request.get("start", 0), request.get("stop", 0)
    kept, seen = bytearray(), 0

    def take(frames: Any) -> None:
        nonlocal seen
        kept.extend(frames[max(start - seen, 0) : max(stop - seen, 0)].tobytes())
        seen += len(frames)

    return {**dataclasses.asdict(read(Path(request["video"]), take)), "data": bytes(kept)}


def _answer(channel: IO[bytes], answer: dict[str, Any]) -> None:
    data = answer.pop("data", b"")
    try:
        channel.write(json.dumps({**answer, "bytes": len(data)}).encode("ascii") + b"\n" + data)
        channel.flush()
    except OSError:  # the parent has closed the pipe
        os._exit(0)


def _read_requests(requests: queue.SimpleQueue[str]) -> None:
    """Queue requests; exit at once, even in the middle of a video, when the parent closes the pipe or dies."""
    for line in sys.stdin:
        requests.put(line)
    os._exit(0)


def _first_to_be_killed() -> None:
    """Make Linux end this process, not its parent, when a video needs more memory than there is."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _exit_with_parent(parent: int) -> None:
    """Make Linux kill this process when its parent dies: a hanging decoder may hold the GIL, which _read_requests needs."""
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:  # the parent died before prctl took effect
            os._exit(0)


if __name__ == "__main__":
    main()
