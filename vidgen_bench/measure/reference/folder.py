"""One cache folder of reference statistics: the paths of its files, its manifest, and reading them."""

from __future__ import annotations

import io
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vidgen_bench.api import FeatureSet, Moments, Reference
from vidgen_bench.errors import RecordError, UnreadableError
from vidgen_bench.measure.reference.clips import RealClips
from vidgen_bench.measure.reference.manifest import (
    FOLDER,
    MANIFEST,
    Kind,
    Manifest,
    Statistics,
    read_manifest,
    write_manifest,
)
from vidgen_bench.measure.reference.moments import load_moments
from vidgen_bench.measure.resolved_protocol import ResolvedProtocol
from vidgen_bench.measure.shipped import copy_shipped, read_shipped, ships
from vidgen_bench.system.files import write_bytes
from vidgen_bench.system.hashed_files import delete_hashed, read_hashed, write_hashed
from vidgen_bench.system.library_errors import reason
from vidgen_bench.system.npy_header import DAMAGES
from vidgen_bench.system.observer import Observer
from vidgen_bench.system.regular_files import is_there, require_folders

KINDS: tuple[Kind, ...] = ("moments", "features")


class ReferenceFolder:
    """The cache folder with one protocol's statistics of the real clips.

    There is one folder per torch version, kind of device and version of the instrument's plugin (with the hash of its sources, unless it
    is ours), because statistics depend on them. Every file is written atomically, with its hash, and is valid on its own; the manifest, for
    human readers, is written last.
    """

    def __init__(self, cache: Path, resolved: ResolvedProtocol, clips: RealClips, device: torch.device) -> None:
        self._resolved, self._clips, self._device = resolved, clips, device
        by, contents = resolved.instrument_plugin, clips.contents_hash(resolved)
        plugin = f"{by.origin.distribution}{resolved.versions[by.kind, by.name]}"
        self.path = cache / FOLDER / f"{contents}-{device.type}-torch{torch.__version__}-{plugin}"
        self.shipped = f"{FOLDER}/{contents}-{device.type}-{plugin}"
        """The name of the folder in which these statistics ship, if they do."""
        require_folders(self.path, cache)

    def file(self, layer: str, need: Kind) -> Path:
        """Return the file of one layer's moments or features."""
        size = f"-{self._clips.singles(self._resolved)}.npy" if need == "features" else ".npz"
        return self.path / f"{layer}-{need}{size}"

    def dtype(self, layer: str) -> type[np.floating]:
        """Return the type of a layer's features: float64 of a metric that reads pixels, else the instrument's float32."""
        return np.float64 if layer in self._resolved.pixel_layers else np.float32

    def layers(self, need: Kind) -> list[str]:
        """Return the layers for which some metric needs moments, or features."""
        return sorted({c.layer for c in self._resolved.metrics if need in c.metric.needs})

    def missing(self, need: Kind) -> list[str]:
        """Return the layers whose moments, or features, are not computed yet."""
        return [layer for layer in self.layers(need) if not is_there(self.file(layer, need))]

    def to_compute(self, need: Kind) -> list[str]:
        """Return the layers whose moments, or features, neither the cache nor the package has."""
        return [name for name in self.missing(need) if not ships(f"{self.shipped}/{self.file(name, need).name}")]

    def start_from_package(self, observer: Observer) -> None:
        """Copy the missing files that ship with the package, and the manifest that describes them."""
        copied = [
            copy_shipped(f"{self.shipped}/{path.name}", path, observer)
            for need in KINDS
            for path in (self.file(layer, need) for layer in self.missing(need))
        ]
        if any(copied) and not is_there(self.path / MANIFEST):
            with suppress(RecordError, UnreadableError):  # it is for human readers; describe() writes another
                write_bytes(self.path / MANIFEST, read_shipped(f"{self.shipped}/{MANIFEST}") or b"")

    @property
    def statistics(self) -> list[Statistics]:
        """The statistics that the protocol's metrics need, computed or not."""
        return [
            Statistics(
                file=self.file(layer, kind).name, layer=layer, kind=kind, clips=self._clips.clips(self._resolved, kind)
            )
            for kind in KINDS
            for layer in self.layers(kind)
        ]

    def describe(self) -> None:
        """Write the manifest, unless it already lists these statistics; entries of other existing files are kept."""
        files, protocols = {s.file: s for s in self.statistics}, {self._resolved.protocol.name}
        try:
            before = read_manifest(self.path)
        except (RecordError, UnreadableError):  # no manifest, or no usable one
            pass
        else:
            others = {s.file: s for s in before.statistics if is_there(self.path / s.file)}
            if files.keys() <= others.keys():
                return
            files, protocols = others | files, protocols | set(before.protocols)
        by = self._resolved.instrument_plugin.origin
        write_manifest(
            self.path,
            Manifest(
                contents=self._clips.contents(self._resolved),
                statistics=tuple(files[name] for name in sorted(files)),
                instrument=self._resolved.instrument_plugin.name,
                by=f"{by.distribution} {by.version}",
                protocols=tuple(sorted(protocols)),
                train_videos=len(self._clips.store.train),
                torch=torch.__version__,
                device=self._device.type,
                made=datetime.now(UTC).isoformat(timespec="seconds"),
            ),
        )

    def load(self, layer: str) -> Reference:
        """Return a layer's statistics, on the device.

        Raises:
            RecordError: a file is damaged.
        """
        moments, clips = None, None
        if layer in self.layers("moments"):
            kept = load_moments(self.file(layer, "moments"))
            moments = Moments(kept.count, kept.mean.to(self._device), kept.covariance.to(self._device))
        if layer in self.layers("features"):
            path, count = self.file(layer, "features"), self._clips.singles(self._resolved)
            clips = FeatureSet(load_features(path, count, self.dtype(layer)).to(self._device, torch.float64))
        return Reference(moments, clips)

    def discard_damaged(self) -> list[str]:
        """Delete the files that are damaged, so that they count as missing; return what is wrong with each."""
        wrong = []
        for need in KINDS:
            for layer in self.layers(need):
                path = self.file(layer, need)
                try:
                    self._check(path, layer, need)
                except RecordError as error:
                    wrong.append(str(error).partition(" Delete the ")[0])
                    delete_hashed(path)
        return wrong

    def _check(self, path: Path, layer: str, need: Kind) -> None:
        if need == "moments":
            load_moments(path)
        else:
            load_features(path, self._clips.singles(self._resolved), self.dtype(layer))


def save_features(path: Path, array: NDArray[np.floating]) -> None:
    """Write features [clips, D] atomically, with their hash."""
    write_hashed(path, lambda stream: np.save(stream, array, allow_pickle=False))


def load_features(path: Path, count: int, dtype: type[np.floating] = np.float32) -> Tensor:
    """Return the features [count, D] that :func:`save_features` wrote, on the CPU; pickles are not opened.

    Raises:
        RecordError: the file is missing, has changed, or is not valid; features that are not finite are not.
    """
    fix = f"Delete the folder {path.parent}; its statistics are computed again when needed."
    try:
        array = np.lib.format.read_array(io.BytesIO(read_hashed(path)), allow_pickle=False)
    except DAMAGES as error:
        raise RecordError(f"{path} is not a valid file of features: {reason(error)}. {fix}") from None
    if array.ndim != 2 or len(array) != count or array.dtype != dtype:
        raise RecordError(
            f"{path}: expected features [{count}, D] in {dtype.__name__}; found {array.dtype} {list(array.shape)}. {fix}"
        )
    if not np.isfinite(array).all():
        raise RecordError(f"{path} holds features that are not finite. {fix}")
    return torch.from_numpy(array)
