"""The frames of a store where training reads them: in the device's memory if they fit, otherwise in their file."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vidgen_bench.data.frame_file import FrameFile
from vidgen_bench.data.store import Store
from vidgen_bench.system.device import free_memory

_DEVICE_SHARE = 0.5  # largest fraction of the device's free memory that a store may take

_WHOLE_COPY = 1 << 28  # bytes copied to the device at a time


@dataclass(frozen=True)
class PlacedFrames:
    """All frames of a store [frames, 3, H, W] (uint8), and the device that clips are gathered on."""

    frames: FrameFile | Tensor
    device: torch.device

    @classmethod
    def of(cls, store: Store, device: torch.device) -> PlacedFrames:
        """Return the frames of a store for training on a device."""
        return cls(placed(store, device), device)

    @property
    def held(self) -> bool:
        """Whether the frames are in the device's memory."""
        return isinstance(self.frames, Tensor)

    @property
    def columns(self) -> int:
        """The width of a frame."""
        return self.frames.shape[-1]

    def gather(self, index: Tensor) -> Tensor:
        """Return the frames with these indices [N, T], uint8 [N, T, 3, H, W], on the device."""
        if isinstance(self.frames, FrameFile):
            return sent(self.read(index), self.device)
        return self.frames[sent(index, self.device)]

    def read(self, index: Tensor) -> Tensor:
        """Return the frames with these indices from the file, on the host: for a GPU in page-locked memory."""
        assert isinstance(self.frames, FrameFile)
        frames = self.frames.gather(index)
        return frames if self.device.type == "cpu" else frames.pin_memory()


def sent(values: Tensor, device: torch.device) -> Tensor:
    """Return values on a device; a copy from the host starts from page-locked memory, so that nothing waits for it."""
    if values.device.type == device.type:  # of cuda and cuda:0, which are one device, only the type is equal
        return values
    return values.pin_memory().to(device, non_blocking=True)


def is_held(size: int, device: torch.device) -> bool:
    """Return whether frames of this many bytes are kept in the device's memory: of a GPU, if half of its free memory suffices."""
    return device.type == "cuda" and size <= _DEVICE_SHARE * free_memory(device)


def placed(store: Store, device: torch.device) -> FrameFile | Tensor:
    """Return all frames of a store, in the device's memory if they fit, otherwise as the file."""
    file = store.frames
    if not is_held(store.index.bytes, device):
        return file
    held = torch.empty(file.shape, dtype=torch.uint8, device=device)
    step = max(1, _WHOLE_COPY // max(1, held[:1].numel()))
    for start in range(0, len(file), step):
        held[start : start + step].copy_(torch.from_numpy(file[start : start + step]))
    return held
