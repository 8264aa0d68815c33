"""Optimisers on a device: rates and step counts are tensors there, and checkpoints do not show it."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
import torch
from torch import nn

from vidgen_bench.training import optimisers
from vidgen_bench.training.captured_turn import reason_against
from vidgen_bench.training.optimisers import place, plain_state, set_rate
from vidgen_bench.training.resuming import load_optimisers

CPU = torch.device("cpu")
MAKERS = {"Adam": torch.optim.Adam, "RMSprop": torch.optim.RMSprop}


@pytest.fixture
def capturable_on_a_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a CPU stand for a GPU; torch itself steps with capturable optimisers on a CPU only while it compiles."""
    monkeypatch.setattr(optimisers, "DEVICES", ("cpu",))
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)


def trained(maker, *, steps: int, on_device: bool = False, state=None):
    """Return the weight and the optimiser after some steps on the same gradients, at a falling rate."""
    weight = nn.Parameter(torch.linspace(-1, 1, 6))
    optimiser = maker([weight], lr=1e-2, foreach=True)
    if state is not None:
        optimiser.load_state_dict(deepcopy(state))  # torch keeps the given tensors and steps in them
    if on_device:
        place(optimiser, CPU)
    for step in range(steps):
        weight.grad = torch.cos(weight.detach() * 3)
        set_rate(optimiser, 1.0 / (1 + step))
        optimiser.step()
    return weight.detach(), optimiser


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
def test_tensors_give_the_weights_of_numbers(maker, capturable_on_a_cpu: None) -> None:
    numbers, _ = trained(maker, steps=5)
    tensors, optimiser = trained(maker, steps=5, on_device=True)
    (group,) = optimiser.param_groups
    assert isinstance(group["lr"], torch.Tensor)
    assert group["capturable"]
    torch.testing.assert_close(tensors, numbers, rtol=0, atol=1e-6)


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
def test_a_checkpoint_holds_numbers_and_resumes_on_either_device(maker, capturable_on_a_cpu: None) -> None:
    _, optimiser = trained(maker, steps=3, on_device=True)
    state = plain_state(optimiser)
    (group,) = state["param_groups"]
    assert group["lr"] == pytest.approx(1e-2 / 3)
    assert group["initial_lr"] == 1e-2
    assert group["capturable"] is False
    on_host, _ = trained(maker, steps=2, state=state)
    on_device, _ = trained(maker, steps=2, state=state, on_device=True)
    torch.testing.assert_close(on_device, on_host, rtol=0, atol=1e-6)


@pytest.mark.parametrize("rate", [1e-2, torch.tensor(1e-2)], ids=["number", "tensor"])
def test_what_a_plugin_made_capturable_itself_resumes(rate: float | torch.Tensor, capturable_on_a_cpu: None) -> None:
    """A checkpoint with another switch than the plugin's is refused as damaged."""

    def made(parameters):
        return torch.optim.Adam(parameters, lr=deepcopy(rate), capturable=True)

    first, again = (made([nn.Parameter(torch.ones(2))]) for _ in range(2))
    place(first, CPU)
    set_rate(first, 0.5)
    load_optimisers({"d": again}, {"d": deepcopy(plain_state(first))}, Path("last.pt"))
    place(again, CPU)
    set_rate(again, 0.5)
    assert float(again.param_groups[0]["lr"]) == pytest.approx(5e-3)


def test_an_optimiser_that_takes_one_tensor_at_a_time_keeps_numbers(capturable_on_a_cpu: None) -> None:
    """torch's RMSprop would read a tensor of the rate on the host in every step."""
    optimiser = torch.optim.RMSprop([nn.Parameter(torch.ones(1))], lr=1e-2, foreach=False)
    place(optimiser, CPU)
    assert optimiser.param_groups[0]["lr"] == 1e-2
    assert reason_against({"d": optimiser}, False, 1) == "the optimiser RMSprop of player 'd' cannot be captured"


def test_on_a_cpu_nothing_changes() -> None:
    weight, optimiser = trained(torch.optim.Adam, steps=2, on_device=True)
    assert optimiser.param_groups[0]["lr"] == 5e-3
    assert plain_state(optimiser)["param_groups"] == optimiser.state_dict()["param_groups"]
    assert torch.equal(weight, trained(torch.optim.Adam, steps=2)[0])


def test_a_plugins_own_tensor_rate_follows_the_schedule() -> None:
    weight = nn.Parameter(torch.ones(1))
    optimiser = torch.optim.SGD([weight], lr=torch.tensor(0.5))
    for factor in (1.0, 0.25, 0.25):
        set_rate(optimiser, factor)
        assert optimiser.param_groups[0]["lr"].item() == 0.5 * factor
