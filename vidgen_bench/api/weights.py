"""How the weights of an instrument are made: from published ones, or by training on a data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from vidgen_bench.api.clip import ClipStream
from vidgen_bench.api.declaration import Report

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class ImportRequest:
    """The arguments of ``vidgen-bench instrument import``."""

    file: Path
    """Your copy of published weights."""
    mean: Path | None = None
    """``--mean``: the mean that the network subtracts from its input."""
    name: str | None = None
    """``--name``: the name for the new instrument."""
    trust_program: bool = False
    """``--trust-program``: whether the user trusts a file that is a program; without it, run nothing in the file."""


@dataclass(frozen=True)
class ImportedWeights:
    """The result of an import."""

    lines: tuple[str, ...]
    """The lines that the command prints."""
    warning: str = ""
    """A possible fault of the weights, printed to standard error."""


class WeightsImporter(Protocol):
    """Makes an instrument's weights file from a copy of published weights."""

    @property
    def kind(self) -> str:
        """The name for ``--kind``. Instruments of one plugin may share an importer and its kind."""

    @property
    def files(self) -> str:
        """The files it reads, for messages: ``"rgb_imagenet.pt or i3d_torchscript.pt"``."""

    def recognises(self, request: ImportRequest) -> bool:
        """Return whether the content of ``request.file`` may be weights of this kind; the file can be opened."""

    def target(self, request: ImportRequest) -> Path:
        """Return the weights file to write; raises ``RequestError`` if the mean or the name does not fit."""

    def write(self, request: ImportRequest, target: Path) -> ImportedWeights:
        """Check the weights and write ``target``; raises ``RecordError`` with the likely cause if they are wrong."""


@dataclass(frozen=True)
class TrainingRequest:
    """The arguments of ``vidgen-bench instrument train``, and the clips to train and measure on."""

    train: ClipStream
    """The training list."""
    held_out: ClipStream
    """The held-out list."""
    classes: tuple[str, ...]
    """Names of the classes, in the order of the labels."""
    steps: int
    """Optimiser steps."""
    batch: int
    """Clips per step."""
    learning_rate: float
    """The highest learning rate."""
    seed: int
    """Seed of weights, clips and augmentation."""
    held_out_clips: int
    """Fewest held-out clips to measure the accuracy on."""
    provenance: Mapping[str, str | int]
    """The command and the data set, stored in the weights file."""


class InstrumentTrainer(Protocol):
    """Trains an instrument of its kind on a data set."""

    @property
    def kind(self) -> str:
        """The name for ``--kind``. Instruments of one plugin may share a trainer and its kind."""

    def target(self, name: str) -> Path:
        """Return the weights file of an instrument with this name; raises ``RequestError`` if the name does not fit."""

    def write(self, request: TrainingRequest, target: Path, report: Report) -> str:
        """Train, write ``target`` and return the line to print."""
