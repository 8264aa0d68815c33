"""The parameter count of a backbone's own temporal generator: counted when it is read, and missed in words where there is none."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from vidgen_bench.api import LatentSpec


class _LazilyCounted(LatentSpec):
    """A latent whose ``parameters`` are counted on the meta device when first read."""

    _count: Callable[[], int | None]

    @cached_property
    def parameters(self) -> int | None:
        return self._count()


def lazily_counted(latent: LatentSpec, count: Callable[[], int | None]) -> LatentSpec:
    """Return the same latent with ``count()`` as its ``parameters``, called at most once."""
    lazy = object.__new__(_LazilyCounted)
    lazy.__dict__.update({**vars(latent), "_count": count})
    del lazy.__dict__["parameters"]
    return lazy


def was_read(latent: LatentSpec) -> bool:
    """Return whether anybody has read the count of a latent from :func:`lazily_counted`."""
    return "parameters" in vars(latent)


def missed(latent: LatentSpec, backbone: str) -> str:
    """Return a sentence for the message of a plugin that failed after it read a count that does not exist; else an empty text."""
    if not isinstance(latent, _LazilyCounted) or not was_read(latent) or latent.parameters is not None:
        return ""
    return (
        f" It reads spec.parameters, which is None here: {backbone} has no temporal generator of its own for these clips, so there is "
        "no parameter count to match. A plugin that needs the count must say so in `refuses`; choose another backbone or variant."
    )
