"""How the threads of OpenMP wait for each other: asleep, unless the user says otherwise.

GNU OpenMP, which torch uses, spins by default. That is as fast on an idle machine, and several times slower as soon as another
program uses one of the processors: a thread that spins keeps the thread that it waits for from running.
"""

from __future__ import annotations

import os
import sys

POLICY = "OMP_WAIT_POLICY"
_CHOSEN = (POLICY, "GOMP_SPINCOUNT", "KMP_BLOCKTIME")


def wait_asleep() -> None:
    """Set ``OMP_WAIT_POLICY=PASSIVE``, unless one of the variables for this is set or torch has been imported, which reads it then."""
    if "torch" not in sys.modules and not any(name in os.environ for name in _CHOSEN):
        os.environ[POLICY] = "PASSIVE"


def wait_policy() -> str:
    """Return the policy in lower case, ``passive`` or ``active``; empty if it is not set, or to neither, which OpenMP ignores."""
    policy = os.environ.get(POLICY, "").strip().lower()
    return policy if policy in ("passive", "active") else ""
