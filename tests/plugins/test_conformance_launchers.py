"""The checks of launchers: one wrong launcher per rule fails its check, and honest ones pass all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.conformance import failures
from tests.kit.wrong import host_of
from vidgen_bench.conformance import CHECKS, Case, Nonconformance, cases
from vidgen_bench.host.host import Host

WRONG = host_of("tests.kit.wrong.launchers")
HONEST = host_of("tests.kit.honest.detached", "vidgen_launchers.local")

LAUNCHER_CHECKS = {check.name for check in CHECKS if check.scope == "launcher"} | {"refusal", "declaration"}

RULES = (
    ("blank", "refusal", "expected refuses() to return None, or the reason and the fix as a text: it returns ''"),
    ("undecided", "refusal", "expected refuses() to give the same answer twice"),
    ("waiting", "submission", "expected submit() to return without waiting for its jobs"),
    ("twice", "submission", "expected each job to run once: one of 3 has 2 times 'begin'"),
    ("minus", "codes", "a process that SIGABRT ended: came Ended(-6). A shell's code is 128 + N"),
    ("flat", "codes", "expected Ended(2) of a process that ends with exit code 2: came Ended(1)"),
    ("emptying", "output", "expected the output to be appended to the log: what it had is gone"),
    ("mute", "output", "expected standard error of the process in the log"),
    ("bare", "output", "expected OMP_NUM_THREADS='2' for a job with cpus=2"),
    ("greedy", "output", "expected CUDA_VISIBLE_DEVICES='' for a job with cpus=2 and gpus=0"),
    ("impatient", "order", "expected a job to start after the one in its `after` had ended"),
    ("careless", "order", "expected a job not to start when one that comes before it failed: it ran"),
    ("nameless", "order", "expected Skipped, once, of a job whose `after` failed or was skipped: of 'never' came Lost"),
    ("brutal", "cancel", "expected the process of a cancelled job to get SIGTERM and the time to save its run"),
    ("leaving", "cancel", "expected no jobs to be left when cancel() has returned"),
    ("hopeful", "killed", "expected Ended(137) or Lost of a process that SIGKILL ended: came Ended(0)"),
    ("forgetting", "attach", "expected attach() to find the one of two jobs that was submitted"),
    ("inventing", "attach", "expected attach() to find no jobs, since outlives is False"),
    ("blocking", "polling", "expected poll() to return at once: it waited for a job to end"),
    ("repeating", "polling", "expected poll() to return nothing when nothing is new"),
)

LONG = {"repeating", "blocking", "twice", "waiting", "careless", "nameless"}
"""Those whose checks take several seconds."""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The checks write into the current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def case_of(name: str, check: str, host: Host = WRONG) -> Case:
    (found,) = (case for case in cases(name, host) if case.check == check)
    return found


@pytest.mark.parametrize(
    ("name", "check", "words"),
    [
        pytest.param(*rule, id=f"{rule[1]}-{rule[0]}", marks=[pytest.mark.slow] if rule[0] in LONG else [])
        for rule in RULES
    ],
)
def test_a_wrong_launcher_fails_its_check(name: str, check: str, words: str, here: Path) -> None:
    with pytest.raises(Nonconformance) as raised:
        case_of(name, check)()
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not list(here.iterdir())


def test_every_check_and_every_wrong_launcher_is_tried() -> None:
    assert {check for _, check, _ in RULES} | {"declaration"} == LAUNCHER_CHECKS
    assert {name for name, _, _ in RULES} == {plugin.name for plugin in WRONG.plugins} - {"plain"}
    assert not WRONG.broken
    assert not HONEST.broken


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "host"), [("plain", WRONG), ("detached", HONEST), ("local", HONEST)], ids=["plain", "detached", "local"]
)
def test_an_honest_launcher_passes_every_check(name: str, host: Host, here: Path) -> None:
    assert {case.check for case in cases(name, host)} == LAUNCHER_CHECKS
    assert failures(name, host) == {}
    assert not [path for path in here.iterdir() if path.name.startswith(".rehearsal")]


def test_a_check_of_local() -> None:
    case_of("local", "output", HONEST)()


def test_a_launcher_that_cannot_start_jobs_here_has_the_checks_of_its_declaration_alone() -> None:
    assert [case.check for case in cases("undecided", WRONG)] == ["declaration", "refusal"]
