"""The description of the machine in records."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from vidgen_bench.system.provenance import hardware, revision


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def test_a_processor_is_named_with_its_threads() -> None:
    """Half the threads need twice the device-hours, so they count as another device."""
    torch.set_num_threads(1)
    one = hardware(torch.device("cpu"))
    torch.set_num_threads(2)
    two = hardware(torch.device("cpu"))
    model, end, rest = one.rpartition(", 1 thread")
    assert (end, rest) == (", 1 thread", "")
    assert model
    assert two == f"{model}, 2 threads"


def test_the_revision_of_a_checkout_is_its_commit() -> None:
    project = Path(__file__).resolve().parents[3]
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=project, capture_output=True, text=True, check=True)
    assert revision().removesuffix("+changes") == head.stdout.strip()
