"""The watch reports draws from global generators and waits for the device, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, rrelu, scaled_dot_product_attention

from tests.kit import toy_game
from tests.kit.toy_training import make
from vidgen_bench.errors import PluginError
from vidgen_bench.training.watch import Watch

X = torch.linspace(-1.0, 1.0, 24).reshape(2, 3, 4)


def watched(call: Callable[[], object]) -> Watch:
    with torch.random.fork_rng(devices=[]), Watch() as watch:
        call()
    return watch


@pytest.mark.parametrize(
    "call",
    [
        lambda: scaled_dot_product_attention(X, X, X),
        lambda: scaled_dot_product_attention(X, X, X, is_causal=True),
        lambda: rrelu(X, training=False),
        lambda: dropout(X, 0.0),
        lambda: torch.randn(3, generator=torch.Generator()),
        lambda: torch.empty(3).uniform_(generator=torch.Generator()),
    ],
    ids=["attention", "causal", "rrelu", "dropout-0", "randn", "uniform"],
)
def test_operations_that_do_not_use_a_global_generator(call: Callable[[], object]) -> None:
    assert watched(call).global_random == set()


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: torch.randn(3), "aten::randn"),
        (lambda: dropout(X, 0.5), "aten::bernoulli_.float"),
        (lambda: rrelu(X, training=True), "aten::rrelu_with_noise"),
        (lambda: torch.multinomial(torch.ones(3), 2), "aten::multinomial"),
        (lambda: torch.randperm(9), "aten::randperm"),
        (lambda: scaled_dot_product_attention(X, X, X, dropout_p=0.5), "aten::"),
    ],
    ids=["randn", "dropout", "rrelu", "multinomial", "randperm", "attention"],
)
def test_operations_that_use_a_global_generator(call: Callable[[], object], name: str) -> None:
    (found,) = watched(call).global_random
    assert found.startswith(name)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: X.sum().item(), "aten::_local_scalar_dense"),
        (lambda: X[X > 0], "aten::index.Tensor"),
        (lambda: X.masked_select(X > 0), "aten::masked_select"),
        (lambda: X.unique(), "aten::_unique2"),
        (lambda: X.nonzero(), "aten::nonzero"),
        (lambda: torch.equal(X, X), "aten::equal"),
    ],
)
def test_operations_that_wait_for_the_device(call: Callable[[], object], name: str) -> None:
    assert watched(call).synchronising == {name}


def test_indices_without_a_mask_do_not_wait_for_the_device() -> None:
    watch = watched(lambda: (X[torch.tensor([0, 1])], X[:, None, torch.tensor([2])], X.where(X > 0, 0.0)))
    assert watch.synchronising == set()


class Attending(nn.Module):
    """A discriminator's body with attention over rows and frames, with dropout or without."""

    def __init__(self, body: nn.Module, dropout: float) -> None:
        super().__init__()
        self.body, self.attention = body, nn.MultiheadAttention(1, 1, dropout=dropout, batch_first=True)

    def forward(self, clips: Tensor) -> Tensor:
        scores = self.body(clips).reshape(1, -1, 1)
        return scores + self.attention(scores, scores, scores, need_weights=False)[0]


def attending(dropout: float):
    game = toy_game.game()
    critic = Attending(game.parts["discriminator"], dropout)
    first = game.players[0]
    loss = {"loss": lambda batch, noise: {"x": critic(batch.clips).square().mean()}}
    player = type(first)(**{**first.__dict__, **loss, "parameters": tuple(critic.parameters())})
    return type(game)({**game.parts, "discriminator": critic}, (player, game.players[1]), game.sample)


def test_a_transformer_trains(tmp_path: Path) -> None:
    progress = make(tmp_path, iterations=6, game=attending(0.0)).run()
    assert (progress.iteration, progress.witness) == (6, [])


def test_a_transformer_with_dropout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="global random numbers"):
        make(tmp_path, iterations=6, game=attending(0.5)).run()
