"""What a check is, and a case: one check on one subject."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from vidgen_bench.conformance.nonconformance import Nonconformance, told
from vidgen_bench.conformance.process import ask_as_it_was
from vidgen_bench.conformance.subject import Declared, Subject

Scope = Literal["declaration", "pair", "pair and variants"]


@dataclass(frozen=True)
class Check:
    """One thing that the contract asks of a plugin."""

    name: str
    asks: str
    """One sentence."""
    scope: Scope
    run: Callable[[Any], None]
    """Asks a :class:`Declared` or a :class:`Subject`, as the scope says; raises where the answer is wrong."""
    applies: Callable[[Subject], bool] = lambda subject: True
    """Whether a pair is asked at all."""

    @property
    def module(self) -> str:
        """The module that asks: ``vidgen_bench.conformance.checks.times``; it says in full what is asked, and how."""
        return self.run.__module__

    def asks_of(self, subject: Declared | Subject) -> bool:
        """Return whether this check makes a case of a subject."""
        if isinstance(subject, Declared) or self.scope == "declaration":
            return isinstance(subject, Declared) and self.scope == "declaration"
        plain = subject.composition.resolved.spec.variant is None
        return (plain or self.scope == "pair and variants") and self.applies(subject)


@dataclass(frozen=True)
class Case:
    """One check on one subject: call it."""

    asked: Check
    of: Declared | Subject

    @property
    def check(self) -> str:
        """The check's name."""
        return self.asked.name

    @property
    def subject(self) -> str:
        """The name of a plugin, or the spec of a pair."""
        return self.of.name

    def __str__(self) -> str:
        return f"{self.check}[{self.subject}]"

    def __call__(self) -> None:
        """Ask.

        Raises:
            Nonconformance: what was expected, what was seen, and usually how to fix it; also for an exception that the
                plugin raised, and for what it changed of the process, which is put back.
        """
        __tracebackhide__ = True
        try:
            ask_as_it_was(lambda: self.asked.run(self.of))
        except (Nonconformance, KeyboardInterrupt):
            raise
        except BaseException as error:  # whatever a stranger's code does is an answer: sys.exit(), pytest.skip()
            raise Nonconformance(told(error, self.of.packages)) from error
