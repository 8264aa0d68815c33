"""Statistics and anchors that ship with the package, from which a cold cache starts instead of computing them.

A file has the name that it has in the cache, without the torch version: another version changes the last digits only, by less than
``vidgen-bench reference verify`` allows. Whatever else changes a statistic changes the name, and then nothing ships for it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from vidgen_bench.errors import RecordError, UnreadableError
from vidgen_bench.system.hashed_files import hash_file, write_hashed
from vidgen_bench.system.observer import Observer
from vidgen_bench.system.regular_files import reading

PACKAGE = Path(__file__).parent / "shipped"
"""The folder of the files that ship; its README.md says how they are made."""


def copy_shipped(name: str, target: Path, observer: Observer) -> bool:
    """Copy the file with this name from the package to ``target``, with its hash, and return whether the package has it.

    A damaged file counts as missing, with a notice.

    Raises:
        VidgenBenchError: the disk is full or the folder is not writable.
    """
    try:
        content = read_shipped(name)
    except (RecordError, UnreadableError) as error:
        observer.progress(f"{error} Its content is computed now.", 0, 0)
        return False
    if content is None:
        return False
    write_hashed(target, lambda stream: stream.write(content))
    return True


def ships(name: str) -> bool:
    """Return whether the package has a file with this name, damaged or not."""
    return (PACKAGE / name).is_file()


def read_shipped(name: str) -> bytes | None:
    """Return the content of the file with this name in the package, or None if nothing ships with this name.

    Raises:
        RecordError: the file is damaged.
        UnreadableError: it may not be read.
    """
    if not ships(name):
        return None
    source = PACKAGE / name
    content, hashed = _content(source), hash_file(source)
    expected = _content(hashed).decode("ascii", "replace").split()[:1] if hashed.is_file() else []
    if expected != [hashlib.sha256(content).hexdigest()]:
        raise RecordError(
            f"{source} is damaged: its SHA-256 is not the one in {hashed.name}. Install vidgen-bench again."
        )
    return content


def _content(path: Path) -> bytes:
    """Return the bytes of a file; a link is followed, because installers link the files of packages."""
    with reading(path, follow=True) as stream:
        return stream.read()
