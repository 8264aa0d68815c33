"""What the process of one run tells the process of the suite: one message per line, as JSON."""

from __future__ import annotations

import json
from typing import Any, Literal, NamedTuple

from vidgen_bench.system.observer import Glance, Observer


class Report(NamedTuple):
    """A call of a method of :class:`~vidgen_bench.system.observer.Observer`; the fields of a ``Glance`` in its place."""

    method: Literal["stage", "progress", "trained", "evaluated"]
    arguments: list[Any]

    def repeat(self, observer: Observer) -> None:
        """Call the method of another observer."""
        arguments = [Glance(*self.arguments)] if self.method == "trained" else self.arguments
        getattr(observer, self.method)(*arguments)


class Caution(NamedTuple):
    """The text of a :class:`~vidgen_bench.errors.DataWarning`."""

    text: str


class Done(NamedTuple):
    """The run has a record; ``already`` if it had one before."""

    already: bool


class Failed(NamedTuple):
    """The run ended without a record."""

    kind: Literal["stopped", "busy", "data", "other"]
    text: str


Message = Report | Caution | Done | Failed

_KINDS: dict[str, type[Message]] = {kind.__name__: kind for kind in (Report, Caution, Done, Failed)}


def encode(message: Message) -> bytes:
    """Return a message as a line."""
    return json.dumps([type(message).__name__, *message]).encode() + b"\n"


def decode(line: bytes) -> Message:
    """Return the message of a line.

    Raises:
        ValueError: it is none, or not whole.
    """
    try:
        kind, *values = json.loads(line)
        return _KINDS[kind](*values)
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a message: {error}") from None
