"""The layout of a folder of submitted results: the place of each file is a function of its content."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from vidgen_bench.records.folder_name import folder_name
from vidgen_bench.records.names import TRACK
from vidgen_bench.records.record import Record

RECORD = re.compile(r"seed-(0|[1-9][0-9]{0,9})\.json")
TOMBSTONE = re.compile(r"seed-(0|[1-9][0-9]{0,9})\.withdrawn\.json")
ATTESTATION = re.compile(r"seed-(0|[1-9][0-9]{0,9})\.attested\.json")
"""File names in the folder of a spec."""

PREVIEW = "preview.jpg"
"""The picture of seed 0 in the folder of a spec."""

TRACK_NAME = TRACK
"""The names of tracks, which are the folders at the top."""

SPEC_FOLDER = re.compile(r"[a-z0-9][a-z0-9+.,=_~-]*")
"""The names of the folders of specs, see :func:`~vidgen_bench.records.folder_name.folder_name`."""

README, ERRATA, PUBLISHED = "README.md", "errata.toml", "published"
"""The other contents of the folder, which maintainers write."""

RESERVED = frozenset(name.lower() for name in (README, ERRATA, PUBLISHED))
"""Names that no track has, in lower case: some file systems do not distinguish the case."""

RECORD_BYTES, NOTE_BYTES, PREVIEW_BYTES, PUBLISHED_BYTES = 200_000, 20_000, 60_000, 200_000
"""The largest record, tombstone or attestation, preview, and file of published results."""


def given_options(record: Record) -> dict[str, object]:
    """Return the options that the user of a run set."""
    return {name: setting.value for name, setting in record.options.items() if setting.origin == "given"}


def spec_folder(record: Record) -> PurePosixPath:
    """Return ``TRACK/SPEC[,option=value...]``, named as the run folder is."""
    return PurePosixPath(record.track.name) / folder_name(record.spec, given_options(record))


def record_place(record: Record) -> PurePosixPath:
    """Return ``TRACK/SPEC/seed-N.json``."""
    return spec_folder(record) / f"seed-{record.seed}.json"


def tombstone_name(record_name: str) -> str:
    """Return ``seed-3.withdrawn.json`` for ``seed-3.json``."""
    return record_name.removesuffix(".json") + ".withdrawn.json"


def attestation_name(record_name: str) -> str:
    """Return ``seed-3.attested.json`` for ``seed-3.json``."""
    return record_name.removesuffix(".json") + ".attested.json"


_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE | re.DOTALL)
"""Names that Windows keeps for devices, with any suffix."""


def checks_out(name: str) -> bool:
    """Return whether a file or folder may have this name on every system that git checks out on."""
    return not (_DEVICE.fullmatch(name) or name.endswith((".", " ")))
