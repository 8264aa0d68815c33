"""The database of the index: one read when a leaderboard is shown, one short transaction per batch of new files."""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.leaderboard.index.packing import COLUMNS, SCHEMA, Row
from vidgen_bench.leaderboard.index.parts import MAKE
from vidgen_bench.records.content import Content
from vidgen_bench.system.regular_files import require_regular
from vidgen_bench.version import __version__

FORMAT = 2
"""Increase it when rows or parts change their meaning."""

CHECKS = 11
"""Increase it when files are checked in another way before they become rows; a test pins the text of the checks to it."""

FILE = ("path", "size", "mtime_ns", "checksum")
"""The columns before those of the record."""

_PATIENCE = 2.0
"""Seconds to wait for another process that is writing."""

_MOST = 500_000
"""After this many insertions an index is started anew: by then most of its rows may be of folders that are gone."""


def version() -> int:
    """Return the version of the index: of its format, the record's schema and fields, and the checks that the records have passed."""
    described = f"{FORMAT} {CHECKS} {SCHEMA} {__version__} {sorted(Content.model_fields)} {FILE} {COLUMNS}"
    return zlib.crc32(described.encode()) >> 1  # SQLite's user_version is a signed 32-bit number


class Database:
    """An index file; it may be missing, damaged, locked or of another version, and then reads as empty."""

    def __init__(self, path: Path) -> None:
        """Use this file; nothing is opened yet."""
        self._path = path

    def read(self, roots: Iterable[str]) -> tuple[dict[bytes, Row], dict[bytes, str]]:
        """Return the rows of files at or below these absolute paths, by path, and the texts of their parts, by hash."""
        rows: dict[bytes, Row] = {}
        texts: dict[bytes, str] = {}
        with self._faults() as fault, closing(self._connect(create=False)) as connection:
            connection.execute("BEGIN")  # rows and parts of one moment
            if _version_of(connection) != version():
                return {}, {}
            for root in map(os.fsencode, roots):
                rows.update((row[0], row) for row in connection.execute(_SELECT, _range(root)))
            first = len(FILE) + COLUMNS.index(next(iter(MAKE)))
            needed = {key for row in rows.values() for key in row[first : first + len(MAKE)]}
            for key in needed:
                texts.update(connection.execute("SELECT hash, text FROM parts WHERE hash = ?", (key,)))
        return ({}, {}) if fault else (rows, texts)

    def write(self, rows: Sequence[Row], texts: Mapping[bytes, str], stale: Iterable[bytes]) -> bool:
        """Add or replace rows, add parts and delete the rows of ``stale`` paths; return whether that worked."""
        with self._faults() as fault:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect(create=True)) as connection, connection:
                connection.execute("BEGIN IMMEDIATE")
                _prepare(connection)
                connection.executemany("DELETE FROM records WHERE path = ?", ((path,) for path in stale))
                connection.executemany("INSERT OR REPLACE INTO parts VALUES (?, ?)", texts.items())
                for row in rows:
                    _insert(connection, row)
        return not fault

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Keep other processes from the index during the block; yield False if one writes it now. A damaged index yields True."""
        with closing(self._connect(create=False)) as connection:
            try:
                connection.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                yield error.sqlite_errorcode not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            except sqlite3.DatabaseError:
                yield True
            else:
                yield True

    def _connect(self, *, create: bool) -> sqlite3.Connection:
        if not create:
            os.stat(self._path)  # SQLite would create the file
        require_regular(self._path)  # SQLite would write through a link
        return sqlite3.connect(self._path, timeout=_PATIENCE, isolation_level=None)

    @contextmanager
    def _faults(self) -> Iterator[list[Exception]]:
        """Yield a list that gets the fault of the block, if it has one; a damaged file is deleted, to be made anew."""
        found: list[Exception] = []
        try:
            yield found
        except (
            sqlite3.OperationalError,
            OSError,
            VidgenBenchError,
        ) as error:  # locked, read-only, disk full, a link: leave it alone
            found.append(error)
        except sqlite3.DatabaseError as error:
            found.append(error)
            for path in (f"{self._path}-journal", self._path):  # a journal alone would be applied to the next file
                try:
                    os.unlink(path)
                except OSError:
                    continue


_SELECT = f"SELECT {', '.join((*FILE, *COLUMNS))} FROM records WHERE path = ? OR path >= ? AND path < ?"
_INSERT = f"INSERT OR REPLACE INTO records VALUES ({', '.join('?' * len((*FILE, *COLUMNS)))})"


def _range(root: bytes) -> tuple[bytes, bytes, bytes]:
    """Return a path, and the ends of the range of the paths below it."""
    separator = os.fsencode(os.sep)
    above = root.rstrip(separator)
    return root, above + separator, above + bytes([separator[0] + 1])


def _version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _prepare(connection: sqlite3.Connection) -> None:
    """Make the tables, in place of those of another version and of an index that has grown too large."""
    if _version_of(connection) != version() or _insertions(connection) > _MOST:
        connection.execute("DROP TABLE IF EXISTS records")
        connection.execute("DROP TABLE IF EXISTS parts")
        connection.execute(f"PRAGMA user_version = {version()}")
    # without declared types, SQLite keeps every value as it is: a REAL column would turn -0.0 into 0.0
    connection.execute(f"CREATE TABLE IF NOT EXISTS records ({', '.join((*FILE, *COLUMNS))}, UNIQUE (path))")
    connection.execute("CREATE TABLE IF NOT EXISTS parts (hash PRIMARY KEY, text) WITHOUT ROWID")


def _insertions(connection: sqlite3.Connection) -> int:
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'records'").fetchone() is None:
        return 0
    return int(connection.execute("SELECT COALESCE(MAX(rowid), 0) FROM records").fetchone()[0])


def _insert(connection: sqlite3.Connection, row: Row) -> None:
    """Insert a row; one with a number beyond 64 bits, which a record may have, is left out and parsed again next time."""
    try:
        connection.execute(_INSERT, row)
    except OverflowError:
        return
