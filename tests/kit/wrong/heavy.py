"""A temporal generator in one file, with torch on top: it works, and whoever lists plugins waits for it."""

from __future__ import annotations

import torch  # noqa: F401

from tests.kit.wrong.right import Glide
from vidgen_bench import hookimpl


@hookimpl
def vidgen_temporal() -> tuple[Glide, ...]:
    return (Glide("heavy"),)
