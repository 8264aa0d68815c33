"""A measure of a toy instrument, which is quick and whose features a test can compute by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tests.kit.data_files import SMALL, write_tree
from vidgen_bench.api import Clip, VideoSource
from vidgen_bench.config.protocol import Protocol
from vidgen_bench.data.prepare import prepare
from vidgen_bench.data.store import Store
from vidgen_bench.errors import RequestError
from vidgen_bench.host.host import BrokenPlugin, Host, LoadedPlugin, Origin
from vidgen_bench.measure.resolved_protocol import ResolvedProtocol, resolve_protocol

CLIP = Clip(frames=4, size=16, classes=2, spare=4)
"""Of the videos of :func:`small_store`."""

CPU = torch.device("cpu")

ORIGIN = Origin("toy", "toy-instruments", "1.0")


class ChannelMeans(nn.Module):
    """Means of every channel and frame as "fc7" [N, 3 T], and the softmax of ten times as much as "prob"."""

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        self.scale = scale
        self.calls: list[int] = []

    def forward(self, clips: Tensor) -> dict[str, Tensor]:
        self.calls.append(len(clips))
        features = self.scale * clips.mean(dim=(3, 4)).flatten(1)
        return {"prob": torch.softmax(features * 10, dim=1), "fc7": features}


@dataclass(frozen=True)
class ToyInstrument:
    """An instrument of channel means; preprocessing "doubled" doubles them."""

    name: str = "toy"
    weights: str = "ab" * 32
    network: Callable[[], nn.Module] | None = None
    absent: bool = False
    api: str = "1.0"
    summary: str = "Channel means."
    reference: str = "nobody, 2024"
    layers: tuple[str, ...] = ("prob", "fc7")
    preprocessings: tuple[str, ...] = ("plain", "doubled")

    def refuses(self, clip: Clip) -> str | None:
        return None if clip.channels == 3 else "it sees three colours"

    def sha256(self) -> str:
        if self.absent:
            raise RequestError(f"The instrument {self.name!r} has no weights here.")
        return self.weights

    def build(self, preprocessing: str) -> nn.Module:
        return self.network() if self.network else ChannelMeans(2.0 if preprocessing == "doubled" else 1.0)


@cache
def installed() -> tuple[LoadedPlugin, ...]:
    """Return the installed plugins, looked for once."""
    return tuple(Host.of_environment().plugins)


class ToyHost(Host):
    """The installed plugins, and instruments beside them."""

    def __init__(self, *instruments: ToyInstrument, version: str = "1.0") -> None:
        super().__init__(())
        origin = Origin(ORIGIN.entry_point, ORIGIN.distribution, version)
        self._instruments = [LoadedPlugin("instrument", i.name, i, origin) for i in instruments or (ToyInstrument(),)]

    def module(self, origin: Origin) -> str:
        """Return the module of the toys; those of vidgen-bench are not looked up."""
        return __name__

    @cached_property
    def _loaded(self) -> tuple[list[LoadedPlugin], list[BrokenPlugin]]:
        return [*installed(), *self._instruments], []


def make_protocol(**changes: Any) -> Protocol:
    """Return a protocol of the toy: two metrics on four samples, two passes."""
    table: dict[str, Any] = {
        "name": "toy-means",
        "version": 1,
        "preprocessing": "plain",
        "frames": 4,
        "samples": 4,
        "metrics": ["is", "fid"],
        "real": {"passes": 2},
    }
    return Protocol.model_validate(table | changes)


def toy_protocol(
    instrument: ToyInstrument | None = None, version: str = "1.0", clip: Clip = CLIP, **changes: Any
) -> ResolvedProtocol:
    """Return the toy's measure under :func:`make_protocol` with these changes."""
    one = instrument or ToyInstrument()
    return resolve_protocol(make_protocol(**changes), one.name, clip, ToyHost(one, version=version))


def small_store(root: Path, groups: int = 3, frames: int = 8, wide: bool = False) -> Store:
    """Return the store of a tiny tree below ``root``, which is written where it is not there; ``wide`` keeps every column."""
    if (root / "data").exists():
        source = VideoSource(root / "data" / "videos", root / "data" / "splits")
    else:
        source = write_tree(root / "data", groups=groups, frames=frames)
    geometry = SMALL.whole_columns if wide else SMALL
    return prepare(source, split=1, geometry=geometry, clip_frames=4, cache=root / "cache", workers=1)
