"""The declaration of a data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from vidgen_bench.api.declaration import Named, Report

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class VideoSource:
    """The folders of a data set."""

    videos: Path
    """Folder of videos in the UCF101 layout."""
    splits: Path
    """Folder of classInd.txt, trainlist0N.txt and testlist0N.txt."""


class DataSet(Named, Protocol):
    """Videos in the UCF101 layout, from any source; hook ``vidgen_data_sets``."""

    def locate(self, videos: Path | None, splits: Path | None, cache: Path, report: Report) -> VideoSource:
        """Return the folders of videos and splits; a data set that makes its own videos makes them here.

        ``videos`` and ``splits`` are the values of ``--data`` and ``--splits``; ``cache`` is a folder that belongs to this data set
        alone, and which it makes when it writes to it;
        ``report(what, done, total)`` shows progress. Raises ``DataError`` with the fix if something is missing.
        """
