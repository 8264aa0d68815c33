"""Published rows, read from ``leaderboards/published/*.toml``: numbers of other people, never ranked with measured ones."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import Field

from vidgen_bench.config.toml import Strict, parse_toml


class PublishedRow(Strict):
    """One published number."""

    system: str = Field(description="the name that the source uses")
    spec: str = Field(default="", description="the spec that rebuilds the system here, if there is one")
    table: str = ""
    dataset: str
    resolution: str = ""
    frames: str = ""
    metric: str
    mean: float
    std: float | None = Field(default=None, ge=0, description="the printed ±; Source.spread says what it is")
    conditional: bool = Field(default=False, description="the system is sampled with class labels")
    note: str = ""
    error: str = Field(default="", description="what is known to be wrong with this number")


class Source(Strict):
    """One publication and its rows."""

    source: str
    protocol: str = Field(description="how its numbers were measured")
    spread: str = Field(description="what ± means in it")
    shown: dict[str, str] = Field(
        default_factory=dict, description="resolution of rows -> the track below whose tables they are shown"
    )
    rows: tuple[PublishedRow, ...] = Field(min_length=1)

    def find(self, table: str, system: str, metric: str) -> PublishedRow:
        """Return the row with these names; raises ``KeyError``, which is a defect of the data files."""
        for row in self.rows:
            if (row.table, row.system) == (table, system) and row.metric.startswith(metric):
                return row
        raise KeyError(f"{self.source}: no {metric} of {system} in {table}")


def published_folder() -> Path:
    """Return the folder of the data files: in a checkout ``leaderboards/published``, else the copy in the package."""
    package = Path(__file__).resolve().parents[2]
    checkout = package.parent / "leaderboards" / "published"
    return checkout if checkout.is_dir() else package / "leaderboards" / "published"


@cache
def sources() -> dict[str, Source]:
    """Return the publications by file name without suffix, in alphabetical order."""
    files = sorted(published_folder().glob("*.toml"))
    return {file.stem: parse_toml(file.read_bytes(), Source, f"published results {file}") for file in files}
