"""The conformance kit: checks of everything the contract requires of a backbone or a temporal generator."""

from __future__ import annotations

from vidgen_bench.conformance.catalogue import CHECKS, cases
from vidgen_bench.conformance.check import Case, Check
from vidgen_bench.conformance.nonconformance import Nonconformance
from vidgen_bench.conformance.testing import conformance_test

__all__ = ["CHECKS", "Case", "Check", "Nonconformance", "cases", "conformance_test"]
