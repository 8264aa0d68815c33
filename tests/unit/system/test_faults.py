"""Faults of the machine: what is one, and the sentence that says what to change."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch

from vidgen_bench.system.faults import is_out_of_memory, machine_fault


def raised(work) -> BaseException:
    """Return the exception that the work raises."""
    with pytest.raises(BaseException) as caught:
        work()
    return caught.value


@pytest.mark.parametrize(
    "work",
    [
        lambda: torch.empty(2**50),
        lambda: np.empty(2**50),
        lambda: bytearray(2**60),
    ],
    ids=["torch", "numpy", "python"],
)
def test_real_allocations_that_fail_are_recognised(work) -> None:
    error = raised(work)
    assert is_out_of_memory(error)
    assert str(machine_fault(error)).startswith("Out of memory (")


def test_other_errors_are_not_out_of_memory() -> None:
    assert not is_out_of_memory(ValueError("out of memory"))
    assert not is_out_of_memory(RuntimeError("shapes do not match"))
    assert is_out_of_memory(OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)))


@pytest.mark.parametrize(
    "work",
    [
        lambda: torch.zeros(2).add_(torch.ones(2), alpha=1e300),
        lambda: torch.arange(10**30),
        lambda: torch.empty(2**40, 2**40),
        lambda: np.empty((2**40, 2**40)),
    ],
)
def test_real_numbers_that_are_too_large_are_recognised(work) -> None:
    error = raised(work)
    assert "A number is too large" in str(machine_fault(error)) or is_out_of_memory(error)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "Free disk space"),
        (errno.EROFS, "can be written to"),
        (errno.EACCES, "permissions"),
        (errno.EIO, "Check the disk"),
        (errno.ESTALE, "Mount the network drive"),
        (errno.EMFILE, "ulimit -n"),
        (errno.ENOLCK, "has locks"),
        (errno.EAGAIN, "ulimit -u"),
        (errno.ENAMETOOLONG, "shorter names"),
        (errno.ENOENT, "moved or deleted"),
        (errno.ENOMEM, "Out of memory"),
    ],
)
def test_an_os_error_names_the_file_and_what_to_do(number: int, words: str) -> None:
    text = str(machine_fault(OSError(number, os.strerror(number), "some/file")))
    assert words in text
    assert os.strerror(number) in text
    assert "some/file" in text or number == errno.ENOMEM


def test_a_thread_that_cannot_start_is_a_lack_of_memory_or_processes() -> None:
    text = str(machine_fault(RuntimeError("can't start new thread")))
    assert "too little memory" in text
    assert "ulimit -u" in text


def test_an_undecodable_name_is_named(tmp_path: Path) -> None:
    error = raised(lambda: open(os.fsencode(tmp_path) + b"/bad\xff"))  # noqa: SIM115
    assert "bad" in str(machine_fault(error))


def test_no_temporary_folder_says_which_variable_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/nowhere/at/all"])
    error = raised(tempfile._get_default_tempdir)
    assert "TMPDIR" in str(machine_fault(error))


@pytest.mark.parametrize(
    "error", [KeyError("x"), ValueError("x"), RuntimeError("x"), OSError("no number"), SystemExit(3)]
)
def test_our_own_bugs_are_no_fault_of_the_machine(error: BaseException) -> None:
    assert machine_fault(error) is None
