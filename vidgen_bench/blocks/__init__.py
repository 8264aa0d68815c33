"""Building blocks of frame generators, discriminators and conditional games, for any backbone."""

from vidgen_bench.blocks.attention import SelfAttention, attend
from vidgen_bench.blocks.average import Average
from vidgen_bench.blocks.conditional_norm import ConditionalBatchNorm2d
from vidgen_bench.blocks.conv_gru import ConvGRUCell
from vidgen_bench.blocks.frame_selection import random_frames
from vidgen_bench.blocks.hinge import hinge_fake, hinge_generator, hinge_real
from vidgen_bench.blocks.labels import LabelLaw, Labels
from vidgen_bench.blocks.residual import ResidualDown, ResidualUp
from vidgen_bench.blocks.weights import orthogonal, spectral

__all__ = [
    "Average",
    "ConditionalBatchNorm2d",
    "ConvGRUCell",
    "LabelLaw",
    "Labels",
    "ResidualDown",
    "ResidualUp",
    "SelfAttention",
    "attend",
    "hinge_fake",
    "hinge_generator",
    "hinge_real",
    "orthogonal",
    "random_frames",
    "spectral",
]
