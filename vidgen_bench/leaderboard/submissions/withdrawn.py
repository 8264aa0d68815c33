"""The withdrawn seeds of a folder of submitted results, found by row: another folder name does not bring a seed back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path, PurePosixPath

from vidgen_bench.leaderboard.submissions.row_identity import row_hash
from vidgen_bench.leaderboard.submissions.tombstone import Tombstone, read_tombstone
from vidgen_bench.records.record import Record


class Withdrawn:
    """Tombstones by row and by folder; a tombstone of an earlier version names no row and holds in its folder only."""

    def __init__(self, tombstones: Mapping[str, Tombstone]) -> None:
        """Sort tombstones, given by their paths below the folder of submitted results."""
        self._tombstones = tombstones
        self._found: dict[str, dict[int, str]] = {}
        for path, tombstone in tombstones.items():
            for key in (str(PurePosixPath(path).parent), tombstone.row):
                if key is not None:
                    self._found.setdefault(key, {})[tombstone.seed] = path

    def __bool__(self) -> bool:
        """Return whether anything was withdrawn."""
        return bool(self._found)

    def seeds(self, record: Record, folder: str) -> dict[int, str]:
        """Return the path of the tombstone of every withdrawn seed of a record's row, by seed.

        Args:
            record: one of the records of the row.
            folder: its folder below the folder of submitted results.
        """
        if not self:
            return {}
        return self._found.get(folder, {}) | self._found.get(row_hash(record), {})

    def reasons(self, record: Record, folders: Collection[str]) -> dict[int, str]:
        """Return why each withdrawn seed of a row was withdrawn, by seed.

        Args:
            record: one of the records of the row.
            folders: the folders of its records, whose paths begin as those of the tombstones do.
        """
        found: dict[int, str] = {}
        for folder in folders:
            found |= self.seeds(record, folder)
        return {seed: self._tombstones[path].reason for seed, path in sorted(found.items())}

    def reason(self, record: Record, folder: str) -> str | None:
        """Return why a record is not accepted, if its seed was withdrawn."""
        if (path := self.seeds(record, folder).get(record.seed)) is None:
            return None
        return f"seed {record.seed} was withdrawn, see {path}; a withdrawn seed is not sent in again"


def read_withdrawn(root: Path) -> Withdrawn:
    """Return the withdrawn seeds below a folder of submitted results."""
    return Withdrawn(read_tombstones(root, root.glob("*/*/seed-*.withdrawn.json")))


def read_tombstones(root: Path, files: Iterable[Path]) -> dict[str, Tombstone]:
    """Return tombstones by their paths below a folder of submitted results; ``verify`` reports one that is not valid."""
    read = {path.relative_to(root).as_posix(): read_tombstone(path) for path in sorted(files)}
    return {path: tombstone for path, tombstone in read.items() if tombstone is not None}
