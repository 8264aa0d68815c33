"""The errors that end a command. The text says what was expected, what was found and how to fix it; no traceback is shown.

Exit codes: 0 done; 1 the run failed; 2 the request, its data or a plugin was wrong; 75 another process has the run folder, try again
later; 130 stopped by Ctrl-C, 128 + N by signal N.
"""

from __future__ import annotations

from collections.abc import Iterable


class VidgenBenchError(Exception):
    """The run failed: training diverged, the disk is full, a process died (exit code 1)."""

    exit_code = 1


class RequestError(VidgenBenchError):
    """The request was wrong: an unknown name, an option out of range, an incompatible pair (exit code 2)."""

    exit_code = 2


class PluginError(RequestError):
    """A plugin fails to load or breaks its contract; the text names the plugin and the cause (exit code 2)."""


class DataError(RequestError):
    """The data cannot be used: an empty folder, a listed video that is missing, a truncated file (exit code 2)."""


class RecordError(RequestError):
    """A record, checkpoint, track or instrument file is damaged or does not match its schema (exit code 2)."""


class UnreadableError(VidgenBenchError):
    """The system does not let a file be read: no permission, a failing disk, a server that is gone (exit code 1)."""


class BusyError(VidgenBenchError):
    """Another process is using the run folder (exit code 75, ``EX_TEMPFAIL``: the same command may succeed later)."""

    exit_code = 75


class DamagedStoreError(DataError):
    """Decoded videos in the cache have changed since they were written; they are decoded again (exit code 1)."""

    exit_code = 1


class DecoderError(DataError):
    """Decoders died or took too long, so the videos may be good (exit code 1)."""

    exit_code = 1


class DamagedError(RecordError):
    """A file that an earlier run wrote has changed since, such as a checkpoint or a trace (exit code 1)."""

    exit_code = 1


class Interrupted(VidgenBenchError):
    """Stopped by a signal; finished work is saved, and the same command continues from there.

    The exit code is 128 + the signal's number, as in a shell: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP.
    """

    exit_code = 130

    def __init__(self, text: str, number: int = 2) -> None:
        super().__init__(text)
        self.exit_code = 128 + number


class DataWarning(UserWarning):
    """The data can be used, and something about it deserves a look; the command line prints the text, and the run continues."""


class CodeWarning(UserWarning):
    """The code has changed since it trained the weights that are used; the command line prints the text and goes on."""


def did_you_mean(word: str, valid: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'? Valid: a, b, x."`` for an unknown word; without the question if no name is similar."""
    import difflib  # only a wrong word needs it, and every command imports this module

    names = sorted(valid)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    question = f" Did you mean {near[0]!r}?" if near else ""
    return f"{question} Valid: {', '.join(names)}." if names else question
