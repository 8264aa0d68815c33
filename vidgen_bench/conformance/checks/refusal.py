"""``refuses`` answers at once, without starting anything: a reason and the fix, or None."""

from __future__ import annotations

import time

from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.subject import Declared

AT_ONCE = 20.0
"""Seconds that an answer may take: one question to a scheduler fits, the start of one does not."""


def check_refusal(declared: Declared) -> None:
    """Check that a launcher says whether it can start jobs, in words, soon, and the same twice."""
    launcher = declared.plugin.declaration
    options = launcher.options()
    begun = time.monotonic()
    answers = [launcher.refuses(options) for _ in range(2)]
    seconds = time.monotonic() - begun
    for answer in answers:
        demand(
            answer is None or (isinstance(answer, str) and bool(answer.strip())),
            f"expected refuses() to return None, or the reason and the fix as a text: it returns {answer!r}",
        )
    demand(
        answers[0] == answers[1],
        f"expected refuses() to give the same answer twice: {answers[0]!r}, then {answers[1]!r}",
    )
    demand(
        seconds < 2 * AT_ONCE,
        f"expected refuses() to answer within {AT_ONCE:.0f} seconds: two answers took {seconds:.0f} s. Start nothing in it.",
    )
