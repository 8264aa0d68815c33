"""A check, and a case: one check on one subject."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from vidgen_bench.conformance.launcher_subject import LauncherSubject
from vidgen_bench.conformance.metric_subject import MetricSubject
from vidgen_bench.conformance.nonconformance import Nonconformance, describe_exception
from vidgen_bench.conformance.process import run_and_restore
from vidgen_bench.conformance.subject import Declared, Subject

Scope = Literal["declaration", "pair", "pair and variants", "launcher", "metric"]

Target = Declared | Subject | LauncherSubject | MetricSubject


@dataclass(frozen=True)
class Check:
    """One requirement of the contract."""

    name: str
    asks: str
    """The requirement in one sentence."""
    scope: Scope
    run: Callable[[Any], None]
    """Takes a subject according to the scope, as :class:`Declared` for a declaration; raises if it does not conform."""
    applies: Callable[[Any], bool] = lambda subject: True
    """Whether the check applies to a subject of its scope."""

    @property
    def module(self) -> str:
        """The module of the check, ``vidgen_bench.conformance.checks.times``, which documents it in full."""
        return self.run.__module__

    def makes_case_of(self, subject: Target) -> bool:
        """Return whether this check and a subject make a case."""
        for kind, scope in ((Declared, "declaration"), (LauncherSubject, "launcher"), (MetricSubject, "metric")):
            if isinstance(subject, kind) or self.scope == scope:
                return isinstance(subject, kind) and self.scope == scope and self.applies(subject)
        assert isinstance(subject, Subject)
        plain = subject.composition.resolved.spec.variant is None
        return (plain or self.scope == "pair and variants") and self.applies(subject)


@dataclass(frozen=True)
class Case:
    """One check on one subject; call it to run the check."""

    definition: Check
    target: Target

    @property
    def check(self) -> str:
        """The check's name."""
        return self.definition.name

    @property
    def subject(self) -> str:
        """The plugin's name, or the pair's spec."""
        return self.target.name

    def __str__(self) -> str:
        return f"{self.check}[{self.subject}]"

    def __call__(self) -> None:
        """Run the check.

        Raises:
            Nonconformance: the check failed, or the plugin raised an exception or changed the state of the process, which is
                then restored. The text says what was expected, what was found, and usually how to fix it.
        """
        __tracebackhide__ = True
        try:
            run_and_restore(lambda: self.definition.run(self.target))
        except (Nonconformance, KeyboardInterrupt):
            raise
        except BaseException as error:  # a plugin may also call sys.exit() or pytest.skip()
            raise Nonconformance(describe_exception(error, self.target.packages)) from error
