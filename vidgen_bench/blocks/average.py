"""A copy of a network whose weights are a moving average, from which a game may sample."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import ParametrizationList

from vidgen_bench.blocks.weights import SpectralNorm
from vidgen_bench.errors import PluginError


class Average(nn.Module):
    """A frozen copy of a module that follows it: a <- d a + (1 - d) w for every weight w, once per :meth:`update`.

    Before the iteration ``start`` the copy equals the module. Buffers, such as the statistics of batch normalisation, are copied at
    every update; only spectral normalisation keeps vectors of its own, which follow the averaged weights by one step each.

    Keep it as a part of its own (``parts["average"]``), call :meth:`update` in the ``after`` of the player that trains the module, and
    sample from it. In float32, differences below 6e-8 / (1 - d) of a weight are lost.

    Args:
        module: the network to follow; it is copied as it is now.
        decay: d, in [0, 1); 0.9999 follows about the last 10,000 iterations.
        start: the first iteration that is averaged, from 0.
    Raises:
        PluginError: a decay outside [0, 1), or a start below 0.
    Shape:
        as the module: ``average(...)`` is ``average.module(...)``.
    Reference: Yazici et al., "The Unusual Effectiveness of Averaging in GAN Training" (2019), eq. 2.
    """

    def __init__(self, module: nn.Module, decay: float, start: int = 0) -> None:
        super().__init__()
        if not 0.0 <= decay < 1.0:
            raise PluginError(f"the decay of an average is at least 0 and below 1, not {decay}")
        if start < 0:
            raise PluginError(f"an average starts at iteration 0 or later, not {start}")
        self.module = deepcopy(module).requires_grad_(False)
        self.decay = decay
        self.start = start

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    @torch.no_grad()
    def update(self, module: nn.Module, iteration: Tensor) -> None:
        """Take the weights of ``module`` after this iteration into the average.

        Args:
            module: the network that was copied.
            iteration: scalar, the number of the iteration from 0; its value is never read by the host.
        """
        share = torch.where(iteration < self.start, 1.0, 1.0 - self.decay)
        for average, weight in zip(self.module.parameters(), module.parameters(), strict=True):
            average.lerp_(weight.detach(), share.to(average.dtype))
        own = set[int]()
        for weights in self.module.modules():
            for norm in weights if isinstance(weights, ParametrizationList) else ():
                if isinstance(norm, SpectralNorm) and isinstance(weights.original, Tensor):
                    norm.improve(weights.original, 1)
                    own |= {id(buffer) for buffer in norm.buffers()}
        for copy, buffer in zip(self.module.buffers(), module.buffers(), strict=True):
            if id(copy) not in own:
                copy.copy_(buffer)
