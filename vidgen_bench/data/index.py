"""The index of a store: one entry per video, the geometry, the decoders and the hashes."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from vidgen_bench.data.geometry import FrameGeometry
from vidgen_bench.errors import DamagedStoreError, RequestError
from vidgen_bench.system.regular_files import read_file

FORMAT = 1
"""Version of the store's layout and of the arithmetic that produces its frames; another version means another store."""

DECODING = 2
"""Version of the decoding, part of the name of a store's folder: other frames need another store. The fingerprint has the frames' hash.

1 was decord where it has a wheel. Since 2, PyAV decodes everywhere.
"""
MOST = 2**30
"""The largest index or journal that is read, in bytes; a video takes about 250."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Stored(BaseModel):
    """One decoded video: its listed path, label from 0, index of its first frame in the store, and number of frames."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    split: Literal["train", "test"]
    path: str
    label: int = Field(ge=0)
    first: int = Field(ge=0)
    frames: int = Field(gt=0)
    decoder: str
    sha256: Sha256
    repeats: int = Field(default=0, ge=0)
    """Frames that equal the one before them."""


class Index(BaseModel):
    """The file ``index.json`` of a store, videos in list order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int
    split: int
    geometry: FrameGeometry
    classes: tuple[str, ...]
    missing: tuple[str, ...]
    content_sha256: Sha256
    videos: tuple[Stored, ...]

    @field_validator("format")
    @classmethod
    def _this_format(cls, found: int) -> int:
        if found != FORMAT:
            raise ValueError(f"expected format {FORMAT}, found {found}")
        return found

    @property
    def frames(self) -> int:
        """Frames in the store."""
        return sum(video.frames for video in self.videos)

    @property
    def bytes(self) -> int:
        """Size of the frames file."""
        return self.frames * 3 * self.geometry.height * self.geometry.width

    @property
    def decoders(self) -> Mapping[str, int]:
        """Number of videos per decoder: ``{"pyav 18.1.0": 72}``."""
        names = [video.decoder for video in self.videos]
        return {name: names.count(name) for name in sorted(set(names))}

    @property
    def fingerprint(self) -> str:
        """The data fingerprint: a sha256 of the geometry, the frames and the lists.

        It is the same on every machine that decodes the same videos: location, file times, decoder and the case of
        names do not matter.
        """
        content = {
            "data": FORMAT,
            "geometry": dataclasses.asdict(self.geometry),
            "classes": [name.casefold() for name in self.classes],
            "content": self.content_sha256,
            "list": [[v.split, v.path.casefold(), v.label, v.frames] for v in self.videos],
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def content_hash(videos: list[Stored] | tuple[Stored, ...]) -> str:
    """Return the sha256 of all frames in list order, computed from the videos' own hashes."""
    digest = hashlib.sha256()
    for video in videos:
        digest.update(bytes.fromhex(video.sha256))
    return digest.hexdigest()


def read_index(path: Path) -> Index:
    """Return a store's index.

    Raises:
        DamagedStoreError: the index is missing, has another format, or is inconsistent.
        RecordError: it is a link, pipe or device.
        UnreadableError: it may not be read; it may be intact.
    """
    try:
        content = read_file(path, most=MOST)
    except FileNotFoundError:
        raise DamagedStoreError(
            f"{path.parent} is not a store of decoded videos: it has no {path.name}. {NEXT}"
        ) from None
    try:
        index = Index.model_validate_json(content)
    except (ValidationError, RequestError) as error:
        raise damaged(path.parent, f"{path.name}: {str(error).splitlines()[0]}") from error
    if index.content_sha256 != content_hash(index.videos):
        raise damaged(path.parent, "the content hash does not match the listed videos")
    position = 0
    for video in sorted(index.videos, key=lambda v: v.first):
        if video.first != position or video.label >= len(index.classes):
            raise damaged(path.parent, f"the entry of {video.path} contradicts the others")
        position += video.frames
    return index


NEXT = "The next run deletes that folder and decodes again."
"""The last sentence about a damaged store, for commands that only read it."""


def damaged(folder: Path, why: str) -> DamagedStoreError:
    """Return the error for a damaged store."""
    return DamagedStoreError(f"The decoded videos in {folder} are damaged: {why}. {NEXT}")
