"""The plain model of a composition, if there is one."""

from __future__ import annotations

from benchmarks.plain.mocogan import PlainMoCoGAN
from benchmarks.plain.tgan import PlainTGAN
from benchmarks.plain.training import Plain

PLAIN: dict[str, type[Plain]] = {"tgan": PlainTGAN, "mocogan": PlainMoCoGAN}
"""The paper's backbones at 64 pixels, with their default options."""
