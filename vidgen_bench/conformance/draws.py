"""Noise that watches or changes what a plugin draws: recorded, repeated row by row, or in double precision."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TypeVar

from torch import Tensor

from vidgen_bench.noise import Noise

N = TypeVar("N", bound=Noise)


@dataclass(frozen=True)
class Draw:
    """What one call gave: ``values`` [N, ...], one for each of ``rows`` [N]; a shared draw has no rows."""

    law: str
    name: str
    shape: tuple[int, ...]
    rows: tuple[int, ...]
    values: Tensor

    def __str__(self) -> str:
        return f"{self.law}({', '.join([repr(self.name), *map(str, self.shape)])})"


@dataclass(frozen=True)
class RecordedNoise(Noise):
    """Noise that keeps every draw."""

    book: list[Draw] = field(default_factory=list)

    def uniform(self, name: str, *shape: int) -> Tensor:
        return self._noted("uniform", name, shape, super().uniform(name, *shape))

    def normal(self, name: str, *shape: int) -> Tensor:
        return self._noted("normal", name, shape, super().normal(name, *shape))

    def integers(self, name: str, high: int) -> Tensor:
        return self._noted("integers", name, (high,), super().integers(name, high))

    def shared(self, name: str, high: int) -> Tensor:
        value = super().shared(name, high)
        self.book.append(Draw("shared", name, (high,), (), value))
        return value

    def _noted(self, law: str, name: str, shape: tuple[int, ...], values: Tensor) -> Tensor:
        self.book.append(Draw(law, name, shape, tuple(self.rows.tolist()), values.clone()))
        return values


@dataclass(frozen=True)
class TwiceNoise(Noise):
    """The noise of a batch whose every row comes twice: rows 0 .. n - 1 and again 0 .. n - 1.

    ``sized(m)`` is the batch of m rows, twice as well; ``shared`` is one draw for the whole batch, and stays what it is.
    """

    def sized(self, rows: int) -> Noise:
        once = super().sized(rows)
        return replace(once, rows=once.rows.repeat(2))


@dataclass(frozen=True)
class DoubleNoise(Noise):
    """The same numbers in float64."""

    def uniform(self, name: str, *shape: int) -> Tensor:
        return super().uniform(name, *shape).double()

    def normal(self, name: str, *shape: int) -> Tensor:
        return super().normal(name, *shape).double()


def drawn_by(kind: type[N], noise: Noise) -> N:
    """Return the same noise as another kind."""
    return kind(**{f.name: getattr(noise, f.name) for f in fields(Noise)})


def twice(noise: Noise) -> TwiceNoise:
    """Return the noise of the same rows twice over."""
    return replace(drawn_by(TwiceNoise, noise), rows=noise.rows.repeat(2))
