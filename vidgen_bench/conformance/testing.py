"""The kit as a pytest function, for the test file of a plugin."""

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
        name: of a backbone or temporal generator.
    Raises:
        RequestError: no such plugin is installed (``pip install -e .`` first).
        PluginError: it is broken.
    """
    import pytest
    import torch

    @pytest.mark.parametrize("case", cases(name), ids=str)
    def test_conformance(case: Case) -> None:
        __tracebackhide__ = True
        said, threads = "", torch.get_num_threads()
        torch.set_num_threads(1)  # the reduced sizes are too small to share
        try:
            case()
        except Nonconformance as failure:
            if failure.__cause__ is not None:
                raise  # the plugin raised: its traceback is what helps
            said = str(failure)
        finally:
            torch.set_num_threads(threads)
        if said:
            pytest.fail(said, pytrace=False)

    return test_conformance
