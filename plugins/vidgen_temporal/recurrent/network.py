"""Recurrent temporal generators: the cells unrolled over the frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from vidgen_bench.api import LatentSpec, Times
from vidgen_bench.blocks import ConvGRUCell
from vidgen_bench.latent import Lift
from vidgen_temporal.recurrent.cells import ConvLSTMCell

if TYPE_CHECKING:
    from vidgen_bench.noise import Noise
    from vidgen_temporal.recurrent import Drive

CELLS: dict[str, Callable[[int], nn.Module]] = {
    "gru": lambda size: nn.GRUCell(size, size),
    "lstm": lambda size: nn.LSTMCell(size, size),
    "convlstm": ConvLSTMCell,
    "convgru": ConvGRUCell,
}
"""Builders of the cells by name; they take the width of the latent."""


class RecurrentGenerator(nn.Module):
    """The hidden states of a recurrent cell, one step per frame: z_k = h_{k+1} = cell(x_k, h_k).

    With a = Lift(z_0): drive ``noise``: h_0 = a, x_k ~ N(0, I); ``impulse``: h_0 = 0, x_0 = a, x_k = 0 afterwards;
    ``constant``: h_0 = 0, x_k = a. Only the first of several stacked cells has this h_0; all other states, memories included,
    start at zero. The input of each cell is the h of the cell below; the last h is the output. The first frame is h_1, not h_0.
    The weights keep PyTorch's default initialisation for every backbone, as in MoCoGAN's GRU and TGANv2's ConvLSTM.

    Args:
        spec: the backbone's latent; a vector for gru and lstm, a map for convlstm and convgru.
        name: the cell.
        drive: the input of the cell.
        layers: number of stacked cells.
    Shape:
        z0 [N, source], T times on or after the training grid -> [N, T, *spec.shape]; later frames do not change earlier ones.
    Reference: Tulyakov et al., MoCoGAN (CVPR 2018); Saito et al., TGANv2 (IJCV 2020); Clark et al., DVD-GAN (2019).
        Gordon and Parde 2021 call MoCoGAN's cell an LSTM; their code and MoCoGAN's have a GRU.
    """

    def __init__(self, spec: LatentSpec, name: str, drive: Drive, layers: int) -> None:
        super().__init__()
        self.frames, self.shape, self.drive = spec.frames, spec.shape, drive
        self.lift = Lift(spec)
        self.cells = nn.ModuleList(CELLS[name](spec.shape[0]) for _ in range(layers))

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        frames = [round(t * (self.frames - 1)) for t in times]
        steps = max(frames) + 1
        first = self.lift(z0)
        if len(self.shape) == 3:
            first = first.contiguous(memory_format=torch.channels_last)  # the fastest layout for convolutions
        states: list[Any] = [None] * len(self.cells)
        if self.drive == "noise":
            states[0] = self._initial_state(first)
        path = []
        for x in self._inputs(first, steps, noise):
            for layer, cell in enumerate(self.cells):
                states[layer] = cell(x, states[layer])
                x = _hidden(states[layer])
            path.append(x)
        return torch.stack([path[k] for k in frames], dim=1)

    def _initial_state(self, h: Tensor) -> Any:
        """Return the state with hidden part h and an empty memory."""
        return (h, torch.zeros_like(h)) if isinstance(self.cells[0], nn.LSTMCell | ConvLSTMCell) else h

    def _inputs(self, first: Tensor, steps: int, noise: Noise) -> list[Any]:
        """Return x_0 .. x_{steps-1}; None stands for zeros if the cell accepts it."""
        if self.drive == "noise":
            return list(noise.normal("drive", steps, *self.shape).unbind(1))
        if self.drive == "constant":
            return [first] * steps
        silence = None if isinstance(self.cells[0], ConvLSTMCell) else torch.zeros_like(first)
        return [first] + [silence] * (steps - 1)


def _hidden(state: Any) -> Tensor:
    """Return h of a state: the state itself, or the first of (h, memory)."""
    return state[0] if isinstance(state, tuple) else state
