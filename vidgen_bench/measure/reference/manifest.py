"""The manifest of a folder of reference statistics: everything that determines its files, and how they were made.

The folder's name starts with the hash of its contents, so a look-up needs no names of data sets or protocols.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from vidgen_bench.config.toml import Strict, explain
from vidgen_bench.errors import RecordError
from vidgen_bench.system.files import write_text
from vidgen_bench.system.regular_files import read_file

FOLDER = "reference"
"""The folder of all reference statistics, inside the cache folder."""

MANIFEST = "manifest.json"

Kind = Literal["moments", "features"]
"""What a file holds: the mean and covariance of features, or the features of single clips."""


class Contents(Strict):
    """Everything that determines statistics: equal contents give equal statistics, except for rounding."""

    version: int
    data: str
    """Fingerprint of the decoded videos, their lists and their geometry."""
    wide: str | None
    """Fingerprint of the same videos with every column, if crops move sideways."""
    frames: int
    passes: int | None
    clips: int | None
    augment: tuple[str, ...]
    seed: int
    sha256: str
    """SHA-256 of the instrument's weights."""
    preprocessing: str
    precision: str

    @property
    def hash(self) -> str:
        """Return the hash of the contents, for stamps and folder names."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()[:24]


class Statistics(Strict):
    """The entry of one file: the moments or the features of one layer."""

    file: str
    layer: str
    kind: Kind
    clips: int


class Manifest(Strict):
    """A description of the statistics in a folder."""

    contents: Contents
    statistics: tuple[Statistics, ...]
    instrument: str
    by: str
    """Distribution and version of the instrument's plugin."""
    protocols: tuple[str, ...]
    """Names of the protocols that use these statistics, for information only."""
    train_videos: int
    torch: str
    device: str
    made: str


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a folder atomically."""
    write_text(folder / MANIFEST, manifest.model_dump_json(indent=2) + "\n")


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a folder.

    Raises:
        RecordError: the manifest is missing, damaged or a link, or belongs to another folder.
        UnreadableError: the manifest may not be read; it may be intact.
    """
    path = folder / MANIFEST
    try:
        manifest = Manifest.model_validate_json(read_file(path))
    except FileNotFoundError:
        raise RecordError(
            f"{folder} has no {MANIFEST}: its statistics were not finished, or the file was deleted."
        ) from None
    except ValidationError as error:
        raise RecordError(f"{path} is damaged or from another version.\n{explain(error, Manifest)}") from None
    if not folder.name.startswith(f"{manifest.contents.hash}-"):
        raise RecordError(f"{path} belongs to another folder: its contents have the hash {manifest.contents.hash}.")
    return manifest


def kept_folders(cache: Path) -> Iterator[Path]:
    """Yield the folders of reference statistics in a cache, by name."""
    folder = cache / FOLDER
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if path.is_dir())
