"""Recurrent temporal generators, GRU and LSTM on vectors and on maps: the declarations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from vidgen_bench import hookimpl
from vidgen_bench.api import Ability, LatentSpec, option

if TYPE_CHECKING:
    from torch import nn

Drive = Literal["noise", "impulse", "constant"]
"""The input of the cell at every frame."""

DRIVE = "noise: z_0 is the initial hidden state, the input is new normal noise; impulse: z_0 is the first input; constant: every input"


@dataclass(frozen=True)
class RecurrentOptions:
    """The options of gru and lstm; convlstm and convgru have another default drive."""

    drive: Literal["noise", "impulse", "constant"] = option("noise", DRIVE)
    layers: int = option(1, "stacked cells; the input of each is the hidden state of the one below", at_least=1)


@dataclass(frozen=True)
class ImpulseDriven(RecurrentOptions):
    """The options of convlstm."""

    drive: Literal["noise", "impulse", "constant"] = option("impulse", DRIVE)


@dataclass(frozen=True)
class ConstantDriven(RecurrentOptions):
    """The options of convgru."""

    drive: Literal["noise", "impulse", "constant"] = option("constant", DRIVE)


@dataclass(frozen=True)
class Recurrent:
    """z_t = h_t of a recurrent cell, one step per frame."""

    name: Literal["gru", "lstm", "convlstm", "convgru"]
    summary: str
    reference: str
    twin: str
    """The generator with the same gates for the other kind of latent."""
    maps: bool
    options: type[RecurrentOptions]
    can: frozenset[Ability] = frozenset({"after"})
    api: str = "1.0"

    @property
    def stochastic(self) -> bool:
        """Whether the default drive is ``noise``: the others draw nothing beyond z_0."""
        return self.options.drive == "noise"

    def refuses(self, spec: LatentSpec, options: RecurrentOptions) -> str | None:
        """Refuse clips of one frame, and latents of the other kind; the reason names the generator that accepts them."""
        takes, other = ("maps (c, h, w)", "vectors (d,)") if self.maps else ("vectors (d,)", "maps (c, h, w)")
        if len(spec.shape) != (3 if self.maps else 1):
            fits = len(spec.shape) == (1 if self.maps else 3)
            advice = f"; {self.twin} takes {other}" if fits else ""
            return f"it takes {takes}, not a latent of shape {spec.shape}{advice}"
        if spec.frames < 2:
            return f"it steps from frame to frame: it needs clips of at least 2 frames, not {spec.frames}"
        return None

    def build(self, spec: LatentSpec, options: RecurrentOptions) -> nn.Module:
        """Return the network."""
        from vidgen_temporal.recurrent.network import RecurrentGenerator

        return RecurrentGenerator(spec, self.name, options.drive, options.layers)


@hookimpl
def vidgen_temporal() -> tuple[Recurrent, ...]:
    """Return gru, lstm, convlstm and convgru."""
    return (
        Recurrent(
            name="gru",
            summary="gated recurrent unit on vectors, driven by new noise at every frame",
            reference="Cho et al., Learning Phrase Representations using RNN Encoder-Decoder (EMNLP 2014); "
            "driven as in Tulyakov et al., MoCoGAN (CVPR 2018)",
            twin="convgru",
            maps=False,
            options=RecurrentOptions,
        ),
        Recurrent(
            name="lstm",
            summary="long short-term memory on vectors, driven by new noise at every frame",
            reference="Hochreiter and Schmidhuber, Long Short-Term Memory (Neural Computation 1997)",
            twin="convlstm",
            maps=False,
            options=RecurrentOptions,
        ),
        Recurrent(
            name="convlstm",
            summary="convolutional LSTM on maps, driven by z_0 once and by zeros afterwards",
            reference="Shi et al., Convolutional LSTM Network (NIPS 2015); "
            "driven as in Saito et al., Train Sparsely, Generate Densely, TGANv2 (IJCV 2020)",
            twin="lstm",
            maps=True,
            options=ImpulseDriven,
        ),
        Recurrent(
            name="convgru",
            summary="convolutional GRU on maps, driven by z_0 at every frame",
            reference="Ballas et al., Delving Deeper into Convolutional Networks for Learning Video Representations "
            "(ICLR 2016); driven as in Clark et al., DVD-GAN (arXiv:1907.06571)",
            twin="gru",
            maps=True,
            options=ConstantDriven,
        ),
    )
