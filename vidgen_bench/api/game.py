"""A backbone ready to train: its parts, its players, and how it is sampled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidgen_bench.api.clip import Batch, Feed, Times
from vidgen_bench.errors import RequestError

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from vidgen_bench.noise import Noise


def constant(iteration: int) -> float:
    """The schedule that keeps the learning rate constant."""
    return 1.0


@dataclass(frozen=True)
class Player:
    """One side of the game: a loss, and the parameters it trains. vidgen-bench does the rest: data, gradients, steps, checkpoints."""

    name: str
    """Name of the player, as in logs."""
    parameters: tuple[nn.Parameter, ...]
    """The parameters it trains: each gets a gradient from this player's loss."""
    batch: int
    """Rows per batch over all processes; a multiple of the number of processes."""
    loss: Callable[[Batch | None, Noise], Mapping[str, Tensor]]
    """Named terms, each a mean over rows, so that averaging over processes is exact; vidgen-bench adds and logs them."""
    optimiser: Callable[[Sequence[nn.Parameter]], torch.optim.Optimizer]
    """``partial(torch.optim.Adam, lr=2e-4)``."""
    feed: Feed | None = None
    """The real clips passed to its loss; None for none."""
    turns: int = 1
    """Steps per iteration."""
    schedule: Callable[[int], float] = constant
    """Factor on the learning rate as a function of the iteration, from 0."""
    after: Callable[[Tensor], None] | None = None
    """Called without gradients after the last turn of an iteration, with the iteration as a scalar tensor on the device.

    Its float32 products are strict: not rounded to TF32, whatever PyTorch's global switches are."""
    every: int = 1
    """``after`` is called when the iteration is a multiple of it."""


@dataclass(frozen=True)
class Game:
    """A backbone ready to train."""

    parts: Mapping[str, nn.Module]
    """All modules with state; ``generator`` is required and contains the temporal generator."""
    players: tuple[Player, ...]
    """In order of play: one iteration is each player's turns."""
    sample: Callable[..., Tensor]
    """``(noise, times) -> [N, 3, T, H, W]`` in [-1, 1]; with ``labels``, ``(noise, times, labels) -> ...``.

    Sample i depends only on row i of the noise and of the labels. Call :meth:`draw` instead, which serves both forms."""
    labels: Callable[[Noise], Tensor] | None = None
    """Class-conditional games only: ``noise -> [N]``, int64, the class of each sample; entry i depends only on row i of the noise."""

    def draw(self, noise: Noise, times: Times, labels: Tensor | None = None) -> Tensor:
        """Return samples [N, 3, T, H, W] in [-1, 1] at these instants, of the classes ``labels`` [N], int64.

        Without ``labels``, a class-conditional game draws them from the noise. Other games have no classes, and refuse labels.
        """
        if self.labels is None:
            if labels is not None:
                raise RequestError("This game is not class-conditional: it cannot sample one class.")
            return self.sample(noise, times)
        return self.sample(noise, times, self.labels(noise) if labels is None else labels)
