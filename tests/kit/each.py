"""One test of many values: thousands of tests of a millisecond each would take longer to collect than to run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import pytest

T = TypeVar("T")


def of_each(values: Iterable[T]) -> Callable[[Callable[[T], None]], Callable[[], None]]:
    """Make one test of a function that asserts something of one value; it fails with every value that fails."""
    checked = list(values)
    assert checked

    def decorate(check: Callable[[T], None]) -> Callable[[], None]:
        def test() -> None:
            faults = []
            for value in checked:
                try:
                    check(value)
                except AssertionError as fault:
                    faults.append(f"{value}: {fault}")
            if faults:
                pytest.fail("\n".join(faults), pytrace=False)

        test.__name__, test.__doc__ = check.__name__, check.__doc__
        return test

    return decorate
