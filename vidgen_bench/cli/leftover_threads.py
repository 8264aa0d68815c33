"""Threads that a plugin leaves running: Python would wait for them after the last line of a command, perhaps for ever."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time

from vidgen_bench.cli.console import complain

SECONDS = 5.0
"""How long the end of a command waits for such a thread."""


def end_threads(code: int) -> None:
    """Make the process end with this exit code even if a thread that is no daemon goes on; call it last."""
    if _left():
        threading.Thread(target=_end, args=(code, SECONDS), daemon=True).start()


def _left() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if not t.daemon and t is not threading.main_thread() and t.is_alive()]


def _end(code: int, seconds: float) -> None:
    """Wait; then, if Python itself has ended and only waits for threads, name them and end the process."""
    time.sleep(seconds)
    threads = _left()
    if not threads or not _python_has_ended():
        return
    for thread in threads:
        made_by = getattr(getattr(thread, "_target", None), "__module__", None) or type(thread).__module__
        complain(
            f"The thread {thread.name!r} of the module {made_by} was still running, and was ended. Its plugin should make it a daemon.",
            prefix="warning:",
        )
    atexit._run_exitfuncs()  # no public function runs them; multiprocessing calls this one, too
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _python_has_ended() -> bool:
    """Return whether the main thread has ended, or runs nothing but Python's shutdown, which waits for the pools of concurrent.futures."""
    main = threading.main_thread()
    frame = sys._current_frames().get(main.ident or 0)
    while frame is not None and frame.f_back is not None:
        frame = frame.f_back
    return not main.is_alive() or (frame is not None and frame.f_globals.get("__name__") == threading.__name__)
