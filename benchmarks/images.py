"""MoCoGAN's batch of single images: computing only the picked clips, against computing the whole pool."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import torch
from torch import Tensor
from vidgen_backbones.mocogan import latents
from vidgen_backbones.mocogan.generator import Generator

from benchmarks.tables import Table
from benchmarks.timing import QUICK_ROUNDS, ROUNDS, alternate, ratios
from vidgen_bench.compose.composition import compose
from vidgen_bench.config.track import load_track
from vidgen_bench.host.host import Host
from vidgen_bench.noise import key_of, training_noise

IMAGES = 32


def _alternatives(spec: str) -> dict[str, Callable[[], Tensor]]:
    """Return both computations of the same frame vectors [32, 66]."""
    composition = compose(spec, load_track("ucf101-64-paper"), {}, Host.of_environment())
    options, times = composition.backbone_options, composition.clip.grid
    generator = composition.build(0).parts["generator"]
    assert isinstance(generator, Generator)
    noise = training_noise(torch.tensor(key_of(0)), IMAGES)

    def picked() -> Tensor:
        with torch.no_grad():
            return latents.image_latents(generator, options, times, noise)

    def whole() -> Tensor:
        pool = replace(noise, rows=options.video_batch + torch.arange(2 * IMAGES * len(times)))
        videos, frames = latents.picks(noise, IMAGES, len(times))
        with torch.no_grad():
            fixed, start = latents.fixed(options, pool), latents.start(options, pool)
            return generator.latents(fixed, start, times, pool)[videos, frames]

    torch.testing.assert_close(picked(), whole(), atol=1e-5, rtol=0)
    return {"only the picked clips": picked, f"all {2 * IMAGES * len(times):,} clips": whole}


def tables(quick: bool) -> Iterator[Table]:
    """Yield a table per temporal generator."""
    for spec in ("mocogan+gru", "mocogan+ode1", "mocogan+sde"):
        times = alternate(_alternatives(spec), QUICK_ROUNDS if quick else ROUNDS)
        yield ratios(f"{spec}, codes of {IMAGES} images", times, "only the picked clips")
