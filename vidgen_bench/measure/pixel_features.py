"""Features that a metric computes from pixels itself, checked: what reads pixels and what reads an instrument then look alike.

Each metric of this kind has a layer of its own beside those of the instrument: its statistics of real clips are cached under a name
that covers its package, its version and its options.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING, Any

from vidgen_bench.errors import PluginError
from vidgen_bench.host.options import jsonable

if TYPE_CHECKING:
    from torch import Tensor

    from vidgen_bench.host.host import LoadedPlugin

_DIGITS = 12


def reads_pixels(plugin: LoadedPlugin) -> bool:
    """Return whether a metric reads pixels instead of a layer of the instrument."""
    return "clips" in plugin.declaration.needs


def pixel_layer(plugin: LoadedPlugin, options: Any, version: str) -> str:
    """Return the name of the layer of a metric's own features, ``pixels-motion-0123456789ab``; ``version`` is that in caches."""
    values = {k: jsonable(v) for k, v in dataclasses.asdict(options).items()}
    key = json.dumps([plugin.origin.distribution, version, values], sort_keys=True)
    return f"pixels-{plugin.name}-{hashlib.sha256(key.encode()).hexdigest()[:_DIGITS]}"


def pixel_features(plugin: LoadedPlugin, options: Any, clips: Tensor) -> Tensor:
    """Return the features [N, D] that a metric computes from clips [N, 3, T, H, W], float64.

    Raises:
        PluginError: they are not float64 [N, D].
    """
    import torch

    found = plugin.declaration.features(clips, options)
    if (
        not isinstance(found, torch.Tensor)
        or found.ndim != 2
        or len(found) != len(clips)
        or found.dtype != torch.float64
    ):
        what = f"{found.dtype} {list(found.shape)}" if isinstance(found, torch.Tensor) else type(found).__name__
        raise PluginError(
            f"The metric {plugin.name!r} of {plugin.origin} must compute features [{len(clips)}, D] in torch.float64; found {what}."
        )
    return found
