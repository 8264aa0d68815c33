"""A plugin that ends the process or changes its global state fails its check without affecting the others."""

from __future__ import annotations

import os
import random

import numpy as np
import pytest
import torch

from tests.kit.conformance import MODEL_CHECKS as CHECKS
from tests.kit.conformance import failures
from tests.kit.wrong import host_of
from vidgen_bench.compose.pair import fit
from vidgen_bench.config.spec import parse
from vidgen_bench.config.track import load_track
from vidgen_bench.conformance import Nonconformance, cases
from vidgen_bench.conformance.precision import no_onednn
from vidgen_bench.conformance.process import SETTINGS, run_and_restore
from vidgen_bench.errors import PluginError

PROCESS = host_of("tests.kit.wrong.right", "tests.kit.wrong.process")

BUILT = {check.name for check in CHECKS} - {"declaration", "pairing", "labels", "null"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gradless", "the plugin changed torch's gradient mode (torch.set_grad_enabled) (True before, False after)"),
        ("halved", "the plugin changed torch's default dtype (torch.float32 before, torch.bfloat16 after)"),
        ("threaded", "the plugin changed torch's number of threads ("),
        ("strict", "the plugin changed torch's deterministic mode (0 before, 1 after)"),
        ("wandering", f"the plugin changed the working directory ({os.getcwd()} before, / after)"),
        ("python-random", "the plugin changed the state of Python's `random`, "),
        ("numpy-random", "the plugin changed the state of numpy's global random generator, "),
    ],
)
def test_changes_are_reported_and_undone(name: str, words: str) -> None:
    before, torchs = [setting.get() for setting in SETTINGS], torch.get_rng_state()
    found = failures(name, PROCESS)
    assert [setting.get() for setting in SETTINGS] == before
    assert torch.equal(torch.get_rng_state(), torchs)
    assert "renderer" in found
    reported = [text for text in found.values() if words in text]
    assert reported
    assert all(text.startswith("expected the process to be unchanged: ") for text in reported)
    assert all("\n" not in text for text in found.values())


def test_the_first_fault_wins() -> None:
    threads = torch.get_num_threads()

    def wrong() -> None:
        torch.set_num_threads(threads + 1)
        random.random()
        np.random.rand()
        torch.rand(1)
        raise Nonconformance("something else")

    before = [setting.get() for setting in SETTINGS]
    with pytest.raises(Nonconformance, match=r"^something else$"):
        run_and_restore(wrong)
    assert [setting.get() for setting in SETTINGS] == before


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("exiting-build", "The plugin 'exiting-build' ends the process while it builds (SystemExit: not today)."),
        ("closing", "it raised GeneratorExit: not today (at tests/kit/wrong/process.py, line "),
    ],
)
def test_what_is_no_exception_is_a_failed_case(name: str, words: str) -> None:
    found = {}
    for case in cases(name, PROCESS):
        if case.subject != "tiny+glide":
            try:
                case()
            except Nonconformance as failure:
                found[case.check] = str(failure)
    assert set(found) == BUILT
    assert all(words in text for text in found.values())


def test_sys_exit_in_an_answer() -> None:
    found = failures("exiting", PROCESS)
    assert set(found) == {"pairing"}
    assert "'exiting' of strange 1.0 (entry point 'process') failed: SystemExit: 0" in found["pairing"]
    with pytest.raises(PluginError, match="failed: SystemExit: 0"):
        fit(parse("tiny+exiting"), load_track("shapes-smoke"), {}, PROCESS)


def test_ctrl_c_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.kit.wrong.networks import Glide

    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    case = next(case for case in cases("glide", PROCESS) if case.check == "shapes")
    monkeypatch.setattr(Glide, "forward", interrupted)
    with pytest.raises(KeyboardInterrupt):
        case()


def test_gradients_in_bfloat16_do_not_depend_on_what_memory_held() -> None:
    layer = torch.nn.Conv3d(16, 16, 3, padding=1)
    clips = torch.randn(3, 16, 2, 2, 2)
    found = []
    for _ in range(20):
        # freed, these leave NaN in the memory that the kernels get next
        [torch.full((size,), float("nan")) for size in (64, 1024, 16384, 2**18) for _ in range(40)]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = layer(clips).float().square().mean()
        with no_onednn():
            found += torch.autograd.grad(loss, [layer.weight])
    assert all(torch.equal(found[0], gradient) for gradient in found)
    assert bool(found[0].isfinite().all())
