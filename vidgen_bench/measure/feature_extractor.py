"""Extracts features from clips in one pass on one device; all metrics share these outputs of the instrument.

A metric that reads pixels adds a layer of its own, from the same pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor

from vidgen_bench.api import Clip, View
from vidgen_bench.measure.pixel_features import pixel_features
from vidgen_bench.measure.precision import instrument_context
from vidgen_bench.measure.resolved_protocol import ChosenMetric, ResolvedProtocol
from vidgen_bench.measure.views import viewed
from vidgen_bench.system.batch_size import in_parts, rows_at_once
from vidgen_bench.system.precision import strictly

Features = dict[tuple[View, str], Tensor]
"""{(view, layer): [n, D]} on the device: float32, or float64 of a metric that reads pixels."""


class FeatureExtractor:
    """The instrument of a protocol, on a device."""

    def __init__(self, resolved: ResolvedProtocol, clip: Clip, device: torch.device) -> None:
        self.resolved, self.device = resolved, device
        self.network = resolved.instrument.build(resolved.protocol.preprocessing).eval().to(device)
        shape = (clip.channels, clip.frames, clip.size, clip.size)
        self._pixels = resolved.pixel_layers
        layers = {c.layer for c in resolved.metrics}
        self.rows = 1
        """Clips per forward pass."""
        one = self.outputs(torch.zeros(1, *shape, device=device), layers)
        self.widths = {layer: out.shape[1] for layer, out in one.items()}
        """{layer: D}."""
        with strictly(resolved.protocol.precision):
            self.rows = rows_at_once(lambda n: self._forward(torch.zeros(n, *shape, device=device), layers), device)

    def outputs(self, clips: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        """Return {layer: [n, D]} for clips [n, 3, T, H, W] in [-1, 1], on the device; the network runs only for its own layers."""
        with strictly(self.resolved.protocol.precision):
            out, self.rows = in_parts(lambda part: self._forward(part, layers), clips.to(self.device), self.rows)
        return out

    @torch.no_grad()
    def _forward(self, clips: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        found, own = {}, [layer for layer in layers if layer not in self._pixels]
        if own:
            with instrument_context(self.resolved.protocol.precision, self.device):
                out = self.network(clips)
            found = {layer: out[layer].float() for layer in own}
        for layer in (name for name in layers if name in self._pixels):
            chosen = self._pixels[layer]
            with strictly("float32"):
                found[layer] = pixel_features(chosen.plugin, chosen.options, clips)
        return found

    def features(self, batches: Iterable[Tensor], wanted: Sequence[ChosenMetric]) -> Features:
        """Return the features that these metrics read, for all clips in the order of the batches."""
        needed: dict[View, set[str]] = {}
        for chosen in wanted:
            needed.setdefault(chosen.metric.view, set()).add(chosen.layer)
        parts: dict[tuple[View, str], list[Tensor]] = {(v, name): [] for v, names in needed.items() for name in names}
        first = 0
        with strictly(self.resolved.protocol.precision):  # sampling runs while iterating, so in the same precision
            for group in _regrouped(batches, self.rows):
                clips = group.to(self.device)
                for view, layers in needed.items():
                    for layer, out in self.outputs(viewed(clips, view, first), layers).items():
                        parts[view, layer].append(out)
                first += len(clips)
        return {key: torch.cat(values) for key, values in parts.items()}


def _regrouped(batches: Iterable[Tensor], rows: int) -> Iterator[Tensor]:
    """Yield the clips in batches of at least ``rows``, joining smaller ones in order; the last may have fewer."""
    held: list[Tensor] = []
    for clips in batches:
        held.append(clips)
        if sum(map(len, held)) >= rows:
            yield torch.cat(held) if len(held) > 1 else clips
            held = []
    if held:
        yield torch.cat(held)
