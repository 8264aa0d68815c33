"""What a store says of itself: one entry a video, the geometry, who decoded, and the hashes."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from vidgen_bench.data.geometry import FrameGeometry
from vidgen_bench.errors import DataError, RequestError

FORMAT = 1
"""Version of the store's layout and of the arithmetic that fills it; another version is another store."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True)
class Entry:
    """One decoded video: its listed path, label from 0, where its frames begin in the store, and how many there are."""

    path: str
    label: int
    first: int
    frames: int


class Stored(BaseModel):
    """One video of the index."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    split: Literal["train", "test"]
    path: str
    label: int = Field(ge=0)
    first: int = Field(ge=0)
    frames: int = Field(gt=0)
    decoder: str
    sha256: Sha256

    @property
    def entry(self) -> Entry:
        """What a sampler needs of it."""
        return Entry(self.path, self.label, self.first, self.frames)


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
        """Size of the frames' file."""
        return self.frames * 3 * self.geometry.height * self.geometry.width

    @property
    def decoders(self) -> Mapping[str, int]:
        """Who decoded how many videos: ``{"decord 0.6.0": 72}``."""
        names = [video.decoder for video in self.videos]
        return {name: names.count(name) for name in sorted(set(names))}

    @property
    def fingerprint(self) -> str:
        """The data fingerprint: a sha256 of the geometry, the frames and the lists.

        Two machines that decoded the same videos have the same one: where they lie, when they were written, what
        decoded them and in which case their names are spelt do not enter.
        """
        said = {
            "data": FORMAT,
            "geometry": dataclasses.asdict(self.geometry),
            "classes": [name.casefold() for name in self.classes],
            "content": self.content_sha256,
            "list": [[v.split, v.path.casefold(), v.label, v.frames] for v in self.videos],
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def content_hash(videos: list[Stored] | tuple[Stored, ...]) -> str:
    """Return the sha256 of all frames in list order: a hash over the videos' own hashes."""
    digest = hashlib.sha256()
    for video in videos:
        digest.update(bytes.fromhex(video.sha256))
    return digest.hexdigest()


def read_index(path: Path) -> Index:
    """Return a store's index.

    Raises:
        DataError: it is not there, not of this format, or contradicts itself.
    """
    try:
        index = Index.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise DataError(
            f"{path.parent} is no store of decoded videos: it has no {path.name}. `vidgen-bench data prepare` "
            "makes one."
        ) from None
    except (OSError, ValidationError, RequestError) as error:
        raise damaged(path.parent, f"{path.name}: {str(error).splitlines()[0]}") from error
    if index.content_sha256 != content_hash(index.videos):
        raise damaged(path.parent, "the content hash is not that of the listed videos")
    position = 0
    for video in sorted(index.videos, key=lambda v: v.first):
        if video.first != position or video.label >= len(index.classes):
            raise damaged(path.parent, f"the entry of {video.path} does not fit the others")
        position += video.frames
    return index


def damaged(folder: Path, why: str) -> DataError:
    """Return the error of a store that is not what it was."""
    return DataError(
        f"The decoded videos in {folder} are damaged: {why}. Delete that folder; the next run decodes again."
    )
