"""Checks a store before it is used: damaged frames of the right size would otherwise become numbers of other videos.

A damaged store is made again, with a notice.

Every start compares the size and the time of the frames file, the hash of the index, and the hashes of videos chosen at random; of a
small store, of all videos. Every frame is hashed once per boot, and again after the file's time or size has changed. The file
``<key>.verified`` beside the store keeps for which boots that was done; a store of an earlier version gets it at its first full check.
Where the system has no boot id, every frame is hashed once per day; where the file cannot be written, at every start.
"""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from vidgen_bench.api import Report
from vidgen_bench.config.toml import Strict
from vidgen_bench.data.index import MOST, NEXT, damaged
from vidgen_bench.data.lock import hold
from vidgen_bench.data.store import FRAMES_FILE, INDEX_FILE, Store
from vidgen_bench.errors import DamagedStoreError, DataError, VidgenBenchError
from vidgen_bench.system.files import disk_errors, write_text
from vidgen_bench.system.regular_files import read_file

SAMPLED = 2**23
"""Bytes of frames that are hashed at every start; a video that alone has more is hashed in full checks only."""

_REPORTED = 2**28
"""A full check of more bytes takes long enough for a progress report."""

_BOOTS = 16
"""How many boots are kept: several machines may share a cache."""

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def open_or_make(folder: Path, make: Callable[[], None], report: Report) -> Store:
    """Return the checked store in a folder, which ``make`` makes if it is missing or damaged.

    Raises:
        DamagedStoreError: it is damaged right after it was made, twice.
        VidgenBenchError: the cache cannot be written.
    """
    if folder.is_dir():
        try:
            return _checked(folder, report)
        except DamagedStoreError as error:
            report(str(error).replace(NEXT, "They are decoded again now."), 0, 0)
    with disk_errors(folder.parent):
        lock = hold(folder, report, "waiting for another process that is decoding these videos")
    with lock:
        try:
            return _checked(folder, report)  # the process we waited for may have made it
        except DamagedStoreError:
            _discard(folder)
        make()
        try:
            return _checked(folder, report)
        except (
            DamagedStoreError
        ) as error:  # perhaps by the frames or the journal of a killed process that `make` continued
            report(str(error).replace(NEXT, "They are decoded again now."), 0, 0)
            _discard(folder)
        make()
        try:
            return _checked(folder, report)
        except DamagedStoreError as error:
            raise DamagedStoreError(
                f"{error} It happened twice: check the memory and the disk of this machine."
            ) from None


def _discard(folder: Path) -> None:
    with disk_errors(folder):
        verified_file(folder).unlink(missing_ok=True)
        if folder.exists():
            shutil.rmtree(folder)


def _checked(folder: Path, report: Report) -> Store:
    store = Store.open(folder)
    check_store(store, report)
    return store


class Verified(Strict):
    """The content of ``<key>.verified``: which files were verified in full, and during which boots."""

    size: int
    time_ns: int
    index_sha256: str
    boots: tuple[str, ...]


def verified_file(folder: Path) -> Path:
    """Return the path of the file that keeps when a store was verified in full."""
    return folder.with_suffix(".verified")


def check_store(store: Store, report: Report) -> None:
    """Check a store as every start does: in full once per boot, otherwise a sample.

    Raises:
        DamagedStoreError: the frames or the index have changed.
    """
    now, before = _now(store), _before(store.folder)
    if before is not None and (before.size, before.time_ns) == (now.size, now.time_ns):
        if before.index_sha256 != now.index_sha256:
            raise damaged(store.folder, f"{INDEX_FILE} has changed since the frames were verified")
        if now.boots[0] in before.boots:
            store.verify(only=_sample(store))
            return
    verify_store(store, report if store.index.bytes > _REPORTED else _silent)


def verify_store(store: Store, report: Report) -> None:
    """Hash every frame, and keep that it was done during this boot.

    Raises:
        DamagedStoreError: a video's frames have changed; the next start notices it too, and decodes again.
    """
    now, before = _now(store), _before(store.folder)
    try:
        store.verify(report)
    except DataError:
        with suppress(OSError):
            verified_file(store.folder).unlink(missing_ok=True)
        raise
    boots = before.boots if before is not None and before.time_ns == now.time_ns else ()
    kept = now.model_copy(update={"boots": tuple(dict.fromkeys((*now.boots, *boots)))[:_BOOTS]})
    with suppress(VidgenBenchError):  # a cache that is only read
        write_text(verified_file(store.folder), kept.model_dump_json() + "\n")


def _now(store: Store) -> Verified:
    try:
        status = (store.folder / FRAMES_FILE).stat()
        index = read_file(store.folder / INDEX_FILE, most=MOST)
    except OSError as error:
        raise damaged(store.folder, f"{error.filename}: {error.strerror}") from error
    return Verified(
        size=status.st_size,
        time_ns=status.st_mtime_ns,
        index_sha256=hashlib.sha256(index).hexdigest(),
        boots=(boot(),),
    )


def _before(folder: Path) -> Verified | None:
    try:
        return Verified.model_validate_json(read_file(verified_file(folder)))
    except (FileNotFoundError, ValidationError, VidgenBenchError):
        return None


def boot() -> str:
    """Return a name of the time since the machine was started; the date where the system has no such name."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return datetime.now(UTC).date().isoformat()


def _sample(store: Store) -> list[int]:
    """Return the numbers of videos with together at most ``SAMPLED`` bytes, chosen at random: each start looks at others."""
    each = store.index.bytes // max(store.index.frames, 1)
    numbers, left = list(range(len(store.index.videos))), SAMPLED
    random.SystemRandom().shuffle(numbers)
    chosen = []
    for number in numbers:
        size = each * store.index.videos[number].frames
        if size <= left:
            chosen.append(number)
            left -= size
    return chosen


def _silent(what: str, done: int, total: int) -> None:
    """Report nothing."""
