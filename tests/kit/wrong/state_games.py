"""Games that remember what no checkpoint holds, draw in ``after``, or read their tensors on the host."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tests.kit.wrong.games import TinyGame


class TorchAfter(TinyGame):
    def draw(self) -> Any:
        return torch.rand(())

    def after(self, iteration: Tensor) -> None:
        kept = 1.0 - 0.0 * self.draw()
        for p in self.critic.parameters():
            p.mul_(kept)


class NumpyAfter(TorchAfter):
    def draw(self) -> Any:
        return float(np.random.rand())


class PythonAfter(TorchAfter):
    def draw(self) -> Any:
        return random.random()


class Remembering(TinyGame):
    calls = 0

    def after(self, iteration: Tensor) -> None:
        self.calls += 1
        for p in self.critic.parameters():
            p.mul_(1.0 - 0.01 * self.calls)


class Decaying(TinyGame):
    rate = 1.0

    def schedule(self, iteration: int) -> float:
        self.rate *= 0.999
        return self.rate


class Listing(TinyGame):
    def mean(self, values: Tensor) -> Tensor:
        return values.mean() + 0.0 * max(values.flatten().tolist())


class Copying(TinyGame):
    def mean(self, values: Tensor) -> Tensor:
        return values.to("cpu").mean()


class Fetching(TinyGame):
    def mean(self, values: Tensor) -> Tensor:
        return values.cpu().mean()


class Arraying(TinyGame):
    def mean(self, values: Tensor) -> Tensor:
        return values.mean() + 0.0 * float(np.asarray(values.detach().float()).mean())


class Numbering(TinyGame):
    def mean(self, values: Tensor) -> Tensor:
        return values.mean() + 0.0 * float(values.detach().float().numpy().mean())


class Masking(TinyGame):
    def mean(self, values: Tensor) -> Tensor:
        return values[values == values].mean()


class Selecting(TinyGame):
    def mean(self, values: Tensor) -> Tensor:
        return values.masked_select(values == values).mean()
