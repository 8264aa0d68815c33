"""How a check fails: a text for the plugin's author, and the place in the plugin where an exception came from."""

from __future__ import annotations

from collections.abc import Collection

from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.host.traceback_location import place


class Nonconformance(AssertionError):
    """A plugin does not do what the contract asks; the text says what was expected, what was seen, and how to fix it."""


def demand(condition: bool, text: str) -> None:
    """Raise :class:`Nonconformance` with this text unless the condition holds."""
    __tracebackhide__ = True  # pytest shows the check that asked, not this line
    if not condition:
        raise Nonconformance(text)


def told(error: BaseException, packages: Collection[str]) -> str:
    """Return an exception in one line, with the place in the plugin's own files where it came from.

    Args:
        error: what a plugin raised.
        packages: the plugin's top-level packages.
    """
    text = " ".join(str(error).split())
    if not isinstance(error, VidgenBenchError):
        text = f"it raised {type(error).__name__}{': ' if text else ''}{text}"
    where = place(error, packages)[1]
    return f"{text} (at {where})" if where else text
