"""The checks as a pytest function, for the test file of a plugin."""

from __future__ import annotations

from collections.abc import Callable

from vidgen_bench.conformance.catalogue import cases
from vidgen_bench.conformance.check import Case
from vidgen_bench.conformance.nonconformance import Nonconformance


def conformance_test(name: str) -> Callable[[Case], None]:
    """Return a test function, parametrised over every check and pair of an installed plugin.

    The whole test file of a plugin is::

        from vidgen_bench.conformance import conformance_test

        test_conformance = conformance_test("my-ode")

    Args:
        name: the name of a backbone or temporal generator.
    Raises:
        RequestError: the plugin is not installed (run ``pip install -e .`` first).
        PluginError: the plugin is broken.
    """
    import pytest
    import torch

    @pytest.mark.parametrize("case", cases(name), ids=str)
    def test_conformance(case: Case) -> None:
        __tracebackhide__ = True
        message, threads = "", torch.get_num_threads()
        torch.set_num_threads(1)  # more threads are slower at the reduced sizes
        try:
            case()
        except Nonconformance as failure:
            if failure.__cause__ is not None:
                raise  # the plugin raised: its traceback is useful
            message = str(failure)
        finally:
            torch.set_num_threads(threads)
        if message:
            pytest.fail(message, pytrace=False)

    return test_conformance
