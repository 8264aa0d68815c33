"""The failure of a check, and the description of an exception that a plugin raised."""

from __future__ import annotations

from collections.abc import Collection

from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.host.traceback_location import place


class Nonconformance(AssertionError):
    """A plugin violates the contract; the text says what was expected, what was found, and how to fix it."""


def demand(condition: bool, text: str) -> None:
    """Raise :class:`Nonconformance` with this text unless the condition holds."""
    __tracebackhide__ = True  # pytest then shows the line of the check, not this one
    if not condition:
        raise Nonconformance(text)


def describe_exception(error: BaseException, packages: Collection[str]) -> str:
    """Return a one-line description of an exception, with the line of the plugin's code that raised it.

    Args:
        error: the exception from a plugin.
        packages: the plugin's top-level packages.
    """
    text = " ".join(str(error).split())
    if not isinstance(error, VidgenBenchError):
        text = f"it raised {type(error).__name__}{': ' if text else ''}{text}"
    where = place(error, packages)[1]
    return f"{text} (at {where})" if where else text
