"""The conformance kit: what the contract asks of a backbone or a temporal generator, each a check that can fail.

In the repository of a plugin, the whole test file::

    from vidgen_bench.conformance import conformance_test

    test_conformance = conformance_test("my-ode")
"""

from __future__ import annotations

from vidgen_bench.conformance.catalogue import CHECKS, cases
from vidgen_bench.conformance.check import Case, Check
from vidgen_bench.conformance.nonconformance import Nonconformance
from vidgen_bench.conformance.testing import conformance_test

__all__ = ["CHECKS", "Case", "Check", "Nonconformance", "cases", "conformance_test"]
