"""The built-in data set ``shapes``: eight classes of moving shapes, drawn on first use, so a first run needs no download."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vidgen_bench.api import DataSet, Report, VideoSource, hookimpl
from vidgen_bench.errors import RequestError


@dataclass(frozen=True)
class Shapes:
    """The declaration; the videos are defined in ``draw`` and ``motion``."""

    name: str = "shapes"
    summary: str = (
        "Built in: a disc or a triangle that slides, bounces, orbits or pulses; 320 videos, written on first use."
    )
    api: str = "1.0"
    reference: str = "vidgen-bench, drawn from fixed seeds; no outside source."

    def locate(self, videos: Path | None, splits: Path | None, cache: Path, report: Report) -> VideoSource:
        """Return the folders under ``cache``; write the videos first if they are not there (about 10 s and 9 MB).

        Raises:
            RequestError: ``--data`` or ``--splits`` was given.
            VidgenBenchError: ``cache`` cannot be written.
        """
        if videos is not None or splits is not None:
            raise RequestError(
                "The data set shapes makes its own videos. Leave out --data and --splits, or use a track for your data "
                "(`vidgen-bench tracks`, or a TOML file)."
            )
        from vidgen_bench.data.shapes.write import written

        return written(cache, report)


shapes = Shapes()


@hookimpl
def vidgen_data_sets() -> Sequence[DataSet]:
    """Return the declaration."""
    return [shapes]
