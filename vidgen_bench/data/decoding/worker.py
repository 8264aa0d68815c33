"""The child process that decodes: a video may crash it or hang it, and the program lives on.

It reads one JSON request a line from its standard input and answers with one JSON line. Nothing else may write to that
channel, so decoders that print to the standard output are sent to the standard error.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import IO, Any


def main() -> None:
    """Serve requests until the parent closes the standard input, or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    _die_with(int(sys.argv[1]))
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="ascii")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    requests: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    from vidgen_bench.data.decoding import video

    _answer(answers, {"ready": video.__name__})
    while True:
        _answer(answers, serve(json.loads(requests.get())))


def serve(request: dict[str, Any]) -> dict[str, Any]:
    """Decode ``video``, apply ``geometry`` and write the uint8 frames [T, 3, h, w] to the file ``part``.

    Returns:
        ``{frames, header_frames, decoder, sha256}``; ``{fault}`` where the video is bad; ``{disk}`` where ``part``
        cannot be written.
    """
    from vidgen_bench.data.decoding.video import read
    from vidgen_bench.data.geometry import FrameGeometry
    from vidgen_bench.errors import DataError

    geometry = FrameGeometry(**{**request["geometry"], "crop": tuple(request["geometry"]["crop"])})
    digest = hashlib.sha256()
    try:
        with open(request["part"], "wb") as part:

            def restart() -> None:
                nonlocal digest
                if part.tell():
                    part.seek(0)
                    part.truncate()
                digest = hashlib.sha256()

            def take(frames: Any) -> None:
                data = geometry.apply(frames).tobytes()
                digest.update(data)
                part.write(data)

            reading = read(Path(request["video"]), take, restart)
    except DataError as error:
        return {"fault": str(error)}
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(request["part"])
        return {"disk": error.strerror or str(error)}
    except MemoryError:
        return {"fault": f"{request['video']}: too large to decode in the memory that is free."}
    return {
        "frames": reading.frames,
        "header_frames": reading.header_frames,
        "decoder": reading.decoder,
        "sha256": digest.hexdigest(),
    }


def _answer(channel: IO[str], answer: dict[str, Any]) -> None:
    try:
        channel.write(json.dumps(answer) + "\n")
        channel.flush()
    except OSError:  # nobody listens any more
        os._exit(0)


def _listen(requests: queue.SimpleQueue[str]) -> None:
    """Pass requests on; when the parent is gone or done, end at once, in the middle of a video if need be."""
    for line in sys.stdin:
        requests.put(line)
    os._exit(0)


def _die_with(parent: int) -> None:
    """Ask Linux to kill this process when its parent dies: a decoder that hangs may hold the lock that _listen
    needs."""
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:  # it died before we asked
            os._exit(0)


if __name__ == "__main__":
    main()
