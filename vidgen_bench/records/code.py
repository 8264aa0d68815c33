"""The code that made a result: the import packages that took part, each with the hash of its sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from vidgen_bench.config.toml import Strict
from vidgen_bench.records.names import PackageName

SourceHash = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
"""The first sixteen hexadecimal digits of a SHA-256 over the sources of a package."""


class AcceptedChange(Strict):
    """A change of the code during a run, which went on because it was told to (``--accept-changed-code``)."""

    iteration: int = Field(ge=0, le=2**63 - 1, description="the iterations before it were trained by the earlier code")
    earlier: dict[PackageName, SourceHash] = Field(description="the hashes that the changed packages had before")


class CodeEntry(Strict):
    """The code that made a result; records of earlier versions have none."""

    packages: dict[PackageName, SourceHash] = Field(default_factory=dict, description="the hash of each package")
    accepted: tuple[AcceptedChange, ...] = Field(default=(), description="changes during the run")


def differing(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """Return the names of the packages that both have with different hashes."""
    return sorted(name for name in one.keys() & other.keys() if one[name] != other[name])
