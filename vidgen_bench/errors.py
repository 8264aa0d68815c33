"""The errors a person may meet. Each says what was expected, what came, and how to put it right; no traceback is shown."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class VidgenBenchError(Exception):
    """The run failed (exit code 1). Its text is written for the person at the terminal."""

    exit_code = 1


class RequestError(VidgenBenchError):
    """The request was wrong: an unknown name, an option out of range, a pair that does not fit (exit code 2)."""

    exit_code = 2


class PluginError(RequestError):
    """A plugin is broken or breaks the contract; the text names the plugin, its distribution and the cause (exit code 2)."""


class DataError(RequestError):
    """The data are not what they should be: an empty folder, a split outside it, a truncated video (exit code 2)."""


class RecordError(RequestError):
    """A record, checkpoint, track or instrument file does not say what its schema asks for (exit code 2)."""


class BusyError(RequestError):
    """Another process works in the run folder (exit code 2)."""


class Interrupted(VidgenBenchError):
    """Ctrl-C: everything is saved, the same command goes on (exit code 130)."""

    exit_code = 130


def did_you_mean(word: str, valid: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'? Valid: a, b, x."`` for an unknown word (the question only where something is near)."""
    names = sorted(valid)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    question = f" Did you mean {near[0]!r}?" if near else ""
    return f"{question} Valid: {', '.join(names)}." if names else question
