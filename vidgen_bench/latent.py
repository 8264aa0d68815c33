"""Building blocks of temporal generators: the map from z_0 to the first state, the dynamics f, initialisation, hidden widths."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from vidgen_bench.api import LatentSpec
from vidgen_bench.errors import RequestError

Hidden = int | Literal["none", "state", "equal"]
"""Width of f's hidden layer: ``none`` (no hidden layer), ``state`` (as wide as the state), ``equal`` (matches the parameter
count of the backbone's own G_t), or a number."""

WIDEST = 1 << 20
"""Largest hidden width that :func:`solve_width` considers."""


class Lift(nn.Module):
    """The affine map from a source vector to the first state; the identity if the shapes already agree.

    Args:
        spec: gives ``source`` and ``shape``.
        affine: learn a map even if the shapes agree (one A_k per component of a higher-order state).
    Shape:
        [N, source] -> [N, *shape].
    """

    def __init__(self, spec: LatentSpec, *, affine: bool = False) -> None:
        super().__init__()
        self.shape = spec.shape
        needed = affine or spec.shape != (spec.source,)
        self.map = nn.Linear(spec.source, math.prod(spec.shape)) if needed else nn.Identity()

    def forward(self, z: Tensor) -> Tensor:
        return self.map(z).view(-1, *self.shape)


class Embedding(nn.Sequential):
    """The fully connected network that every temporal generator applies to its source vector before the first frame.

    source -> widths -> source, LeakyReLU 0.2 after every layer including the last; the identity if the backbone has none.

    Args:
        spec: gives ``source`` and the hidden widths ``embedding``.
    Shape:
        [N, source] -> [N, source].
    Reference: Gordon and Parde, "Latent Neural Differential Equations for Video Generation" (2021).
    """

    def __init__(self, spec: LatentSpec) -> None:
        widths = (spec.source, *spec.embedding, spec.source) if spec.embedding else ()
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Linear(before, after), nn.LeakyReLU(0.2)]
        super().__init__(*layers)


class Dynamics(nn.Sequential):
    """The right-hand side f of a differential equation, built by :func:`dynamics`."""

    def forward(self, state: Tensor) -> Tensor:
        if state.ndim == 4:
            state = state.contiguous(memory_format=torch.channels_last)  # the layout that convolutions are fastest in
        return super().forward(state)


def dynamics(shape: Sequence[int], width: int | None, *, inputs: int = 1) -> Dynamics:
    """Return the network f of a differential equation for a state of this shape.

    Vectors (d,): Linear, Tanh without a hidden layer; Linear, Tanh, Linear with one.
    Maps (c, h, w): one or two 3x3 convolutions, LeakyReLU 0.2 after each.

    Args:
        shape: shape of one component of the state, (d,) or (c, h, w).
        width: width of the hidden layer, None for a single layer.
        inputs: number of components that f takes, concatenated along the first axis of ``shape`` (features or channels)
            in the order z, z', z'' ...
    Returns:
        [N, inputs * shape[0], *shape[1:]] -> [N, *shape].
    """
    size, seen = shape[0], inputs * shape[0]
    if len(shape) == 1:
        if width is None:
            return Dynamics(nn.Linear(seen, size), nn.Tanh())
        return Dynamics(nn.Linear(seen, width), nn.Tanh(), nn.Linear(width, size))
    if width is None:
        return Dynamics(nn.Conv2d(seen, size, 3, padding=1), nn.LeakyReLU(0.2))
    first, second = nn.Conv2d(seen, width, 3, padding=1), nn.Conv2d(width, size, 3, padding=1)
    return Dynamics(first, nn.LeakyReLU(0.2), second, nn.LeakyReLU(0.2))


def initialise(module: nn.Module, manner: Literal["framework", "xavier-sqrt2"]) -> None:
    """Initialise the weights of linear and convolutional layers as the backbone does; biases keep PyTorch's values.

    Args:
        module: changed in place.
        manner: ``framework`` keeps PyTorch's defaults; ``xavier-sqrt2`` is Xavier uniform with gain sqrt 2.
    Reference: Glorot and Bengio 2010, eq. 16.
    """
    if manner == "framework":
        return
    for layer in module.modules():
        if isinstance(layer, nn.Linear | nn.modules.conv._ConvNd):
            nn.init.xavier_uniform_(layer.weight, gain=math.sqrt(2.0))


def count(module: nn.Module) -> int:
    """Return the number of trainable parameters."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def on_meta(build: Callable[[], nn.Module]) -> nn.Module:
    """Return the module that ``build`` makes, on the meta device: no memory, no random weights."""
    with torch.device("meta"):
        return build()


def solve_width(build: Callable[[int], nn.Module], target: int) -> int:
    """Return the hidden width whose parameter count is nearest to the target.

    Args:
        build: width -> module; called on the meta device. The parameter count must grow with the width.
        target: number of trainable parameters.
    Returns:
        The width, at least 1; in a tie, the narrower one.
    Raises:
        RequestError: width 1 already exceeds the target, or no width up to 2^20 reaches it.
    """

    def at(width: int) -> int:
        return count(on_meta(lambda: build(width)))

    if (least := at(1)) > target:
        raise RequestError(f"no hidden width gives {target:,} parameters: width 1 already has {least:,}.")
    low, high = 1, 2
    while at(high) <= target:
        if high > WIDEST:
            raise RequestError(f"no hidden width up to {WIDEST:,} reaches {target:,} parameters.")
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if at(middle) <= target else (low, middle)
    return low if target - at(low) <= at(high) - target else high


def hidden_width(hidden: Hidden, spec: LatentSpec, build: Callable[[int | None], nn.Module]) -> int | None:
    """Return the width of the hidden layer for the option ``hidden``, None for a single layer.

    Args:
        hidden: the option's value.
        spec: gives the state's shape for ``state``, the parameter count of the backbone's own G_t for ``equal``.
        build: width -> the whole temporal generator, whose parameters are counted.
    Raises:
        RequestError: ``equal``, but the backbone has no G_t of its own for these clips, or no width matches its count.
    """
    if hidden == "none":
        return None
    if hidden == "state":
        return spec.shape[0]
    if hidden != "equal":
        return hidden
    if spec.parameters is None:
        raise RequestError(
            "hidden=equal needs the parameter count of the backbone's own temporal generator, but there is none for "
            "these clips. Set hidden to a number."
        )
    try:
        return solve_width(build, spec.parameters)
    except RequestError as error:
        embedding = count(on_meta(lambda: Embedding(spec)))
        advice = (
            f" The embedding alone has {embedding:,}: set temporal.embedding=false, or hidden to a number."
            if embedding
            else ""
        )
        raise RequestError(f"hidden=equal: {error}{advice}") from None
