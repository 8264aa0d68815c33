"""The hash of a package's sources, from its files alone: nothing is imported, and a look takes milliseconds.

Every file counts that can change what the package does: Python files, extension modules, and the data that it reads from its own folder.
Left out are caches (``__pycache__``), hidden files, editors' copies and texts for readers.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

DIGITS = 16
"""Hexadecimal digits of a hash: it tells versions apart and is no protection against anybody."""

_WHOLE, _END = 2**17, 2**16
"""A file of data above the first size counts with its size and with as many bytes of its beginning and of its end as the second."""

_TEXTS = (".md", ".rst", ".ipynb", ".pyc", ".pyo", ".orig", ".rej", "~")
"""The endings of files that change nothing."""


class Sources(NamedTuple):
    """The sources of a package as they are on disk."""

    sha256: str
    """The first digits of the SHA-256 over the paths and contents of its files."""
    newest: str
    """The file that was modified last, relative to the folder of the package."""
    modified: datetime
    """When that was, in the local time zone."""


class _Source(NamedTuple):
    name: str
    content: bytes
    modified: float


def sources_of(place: Path, *, only: Collection[str] = (), without: Collection[Path] = ()) -> Sources | None:
    """Return the hash of a package's folder or of a module's file, or None if there are no files, as in a frozen program.

    A file that cannot be read counts as such, so the hash changes once it can be.

    Args:
        place: the folder or file; it may lie in a zip archive.
        only: names of modules; unless it is empty, nothing else in the folder counts.
        without: folders inside that do not count.
    """
    found = sorted(_sources(place, only, without))
    if not found:
        return None
    sha = hashlib.sha256()
    for source in found:
        content = hashlib.sha256(source.content).hexdigest()
        sha.update(f"{source.name}\0{content}\n".encode(errors="surrogateescape"))
    newest = max(found, key=lambda source: source.modified)
    return Sources(sha.hexdigest()[:DIGITS], newest.name, datetime.fromtimestamp(newest.modified).astimezone())


def _sources(place: Path, only: Collection[str], without: Collection[Path]) -> Iterator[_Source]:
    if place.is_file():
        yield _source(place, place.name)
    elif only:
        for path in (place / f"{name}.py" for name in only):
            if path.is_file():
                yield _source(path, path.relative_to(place).as_posix())
    elif place.is_dir():
        yield from _below(place, {os.fspath(path) for path in without})
    else:
        yield from _in_archive(place)


def _below(place: Path, without: Collection[str]) -> Iterator[_Source]:
    """Yield the files below a folder; links to files are followed, links to folders are not."""
    base = os.path.join(place, "")
    for folder, inner, files in os.walk(place):
        inner[:] = [n for n in inner if _counts(n) and n != "__pycache__" and os.path.join(folder, n) not in without]
        for name in filter(_counts, files):
            path = os.path.join(folder, name)
            if os.path.isfile(path):  # neither a pipe nor a link to nothing
                yield _source(Path(path), path.removeprefix(base).replace(os.sep, "/"))


def _counts(name: str) -> bool:
    return not name.startswith(".") and not name.endswith(_TEXTS)


def _source(path: Path, name: str) -> _Source:
    modified = 0.0
    try:
        with open(path, "rb") as stream:
            about = os.fstat(stream.fileno())
            modified, large = about.st_mtime, about.st_size > _WHOLE and not name.endswith(".py")
            content = stream.read(_END) if large else stream.read()
            if large:
                stream.seek(-_END, os.SEEK_END)
                content = b"%d\n%b%b" % (about.st_size, content, stream.read())
    except OSError:
        with suppress(OSError):
            modified = path.stat().st_mtime
        content = b"unreadable"
    return _Source(name, _with_line_feeds(name, content), modified)


def _with_line_feeds(name: str, content: bytes) -> bytes:
    """Return a Python file with line feeds, which Python reads alike; git may check it out with another line end."""
    return content.replace(b"\r\n", b"\n") if name.endswith(".py") else content


def _in_archive(place: Path) -> Iterator[_Source]:
    """Yield the files of a package or module inside a zip archive on ``sys.path``."""
    archive = next((parent for parent in place.parents if parent.is_file()), None)
    if archive is None:
        return
    inside = place.relative_to(archive).as_posix()
    with suppress(OSError, zipfile.BadZipFile), zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            parts = member.filename.removeprefix(f"{inside}/").split("/")
            below = member.filename.startswith(f"{inside}/") and all(map(_counts, parts)) and "__pycache__" not in parts
            if not member.is_dir() and (below or member.filename == inside):
                name = "/".join(parts) if below else place.name
                content = _with_line_feeds(name, b"%d %d" % (member.file_size, member.CRC))
                yield _Source(name, content, datetime(*member.date_time).timestamp())
