"""What a folder of reference statistics says of itself: everything that its files are of, and how they were made.

The folder's name begins with the hash of the contents, so that neither a name nor a path stands for them.
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

FOLDER = "reference"
"""Below the cache folder."""

MANIFEST = "manifest.json"


class Contents(Strict):
    """Everything that statistics are of; equal contents give equal statistics but for rounding."""

    version: int
    data: str
    """Fingerprint of the decoded videos, their lists and their geometry."""
    wide: str | None
    """That of the same videos with every column, where crops move sideways."""
    frames: int
    passes: int | None
    clips: int | None
    augment: tuple[str, ...]
    seed: int
    sha256: str
    """Of the instrument's weights."""
    preprocessing: str
    precision: str

    @property
    def hash(self) -> str:
        """Return what goes into a stamp."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()[:24]


class Statistics(Strict):
    """One file: the moments or the features of one layer."""

    file: str
    layer: str
    kind: Literal["moments", "features"]
    clips: int


class Manifest(Strict):
    """What a folder holds."""

    contents: Contents
    statistics: tuple[Statistics, ...]
    instrument: str
    by: str
    """Distribution and version of the instrument's plugin."""
    protocols: tuple[str, ...]
    """Names of the protocols for which something was computed; words only, the statistics do not depend on them."""
    train_videos: int
    torch: str
    device: str
    made: str


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a folder, whole."""
    write_text(folder / MANIFEST, manifest.model_dump_json(indent=2) + "\n")


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a folder.

    Raises:
        RecordError: there is none, it is damaged, or it is not of this folder.
    """
    path = folder / MANIFEST
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise RecordError(f"{folder} has no {MANIFEST}: it was not finished, or the file was deleted.") from None
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror or error}.") from None
    except ValidationError as error:
        raise RecordError(f"{path} is damaged, or of another version.\n{explain(error, Manifest)}") from None
    if not folder.name.startswith(f"{manifest.contents.hash}-"):
        raise RecordError(f"{path} is not of this folder: what it describes has the hash {manifest.contents.hash}.")
    return manifest


def kept_folders(cache: Path) -> Iterator[Path]:
    """Yield the folders of reference statistics in a cache, by name."""
    folder = cache / FOLDER
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if path.is_dir())
