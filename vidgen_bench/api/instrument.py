"""The declaration of an instrument, a network that measures clips, and its self-test on real clips."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from vidgen_bench.api.clip import Batch, Clip
from vidgen_bench.api.declaration import Named, Report
from vidgen_bench.api.weights import InstrumentTrainer, WeightsImporter

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class HeldOutClips:
    """Real clips for a self-test, at most one per video."""

    classes: tuple[str, ...]
    """Names of the data set's classes, in the order of the labels."""
    batches: Callable[[], Iterable[Batch]]
    """Yields the same batches at every call."""


@dataclass(frozen=True)
class SelfTestReport:
    """The result of a self-test; it has failed if there are ``faults``."""

    clips: int
    """Number of clips tested."""
    columns: tuple[str, ...]
    """Headings of the printed table; all columns but the first hold numbers."""
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    """Sentences printed below the table."""
    faults: tuple[str, ...] = ()
    """The faults of the weights and their fixes, the likeliest cause first."""
    details: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """The output of ``--json``."""


class Instrument(Named, Protocol):
    """A measuring network with its weights and preprocessing; hook ``vidgen_instruments``."""

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of its outputs, e.g. ``("prob", "fc7")``."""

    @property
    def preprocessings(self) -> tuple[str, ...]:
        """Names of its preprocessings from clip to network input; a protocol chooses one, e.g. ``("tgan", "tganv2")``."""

    @property
    def importer(self) -> WeightsImporter | None:
        """Makes its weights file for ``instrument import``. Default: None, its weights cannot be imported."""
        return None

    @property
    def trainer(self) -> InstrumentTrainer | None:
        """Makes an instrument of its kind for ``instrument train``. Default: None, it cannot be trained."""
        return None

    @property
    def self_test(self) -> Callable[[HeldOutClips, Report], SelfTestReport] | None:
        """Tests its weights on real clips for ``instrument test``. Default: None, no self-test."""
        return None

    def refuses(self, clip: Clip) -> str | None:
        """Return the reason why it cannot measure clips of this shape, or None."""

    def sha256(self) -> str:
        """Return the hash of the weights file; raises ``RequestError`` with the import command if the file is missing."""

    def details(self) -> Mapping[str, Any]:
        """Return further lines for ``instrument show``, such as the source of the weights. Default: {}."""
        return {}

    def build(self, preprocessing: str) -> nn.Module:
        """Return the module ``forward(clips [N, 3, T, H, W] in [-1, 1]) -> {layer: [N, D]}``, preprocessing included."""
