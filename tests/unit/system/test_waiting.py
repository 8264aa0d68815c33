"""Threads wait asleep, unless the user chose how they wait, or it is too late to choose."""

from __future__ import annotations

import os
import sys

import pytest

from vidgen_bench.system.waiting import POLICY, wait_asleep, wait_policy


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (POLICY, "GOMP_SPINCOUNT", "KMP_BLOCKTIME"):
        monkeypatch.setenv(name, "")  # so that it is restored
        monkeypatch.delenv(name)


def test_threads_wait_asleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    assert wait_policy() == ""
    wait_asleep()
    assert os.environ[POLICY] == "PASSIVE"
    assert wait_policy() == "passive"


@pytest.mark.parametrize("value", ["", "none", "passive\x1b[31m", "x" * 10_000])
def test_a_policy_that_openmp_does_not_know_is_none(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(POLICY, value)
    assert wait_policy() == ""


@pytest.mark.parametrize("name", [POLICY, "GOMP_SPINCOUNT", "KMP_BLOCKTIME"])
def test_the_users_choice_stays(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setenv(name, "ACTIVE")
    wait_asleep()
    assert os.environ.get(POLICY) == ("ACTIVE" if name == POLICY else None)


def test_after_torch_nothing_is_set_that_would_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", sys)
    wait_asleep()
    assert POLICY not in os.environ
