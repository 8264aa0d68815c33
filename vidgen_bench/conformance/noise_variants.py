"""Variants of the noise: recording every draw, with repeated rows, or in double precision."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TypeVar

from torch import Tensor

from vidgen_bench.noise import Noise

N = TypeVar("N", bound=Noise)


@dataclass(frozen=True)
class Draw:
    """The result of one call: ``values`` [N, ...] for ``rows`` [N]; a shared draw has no rows."""

    law: str
    name: str
    shape: tuple[int, ...]
    rows: tuple[int, ...]
    values: Tensor

    def __str__(self) -> str:
        return f"{self.law}({', '.join([repr(self.name), *map(str, self.shape)])})"


@dataclass(frozen=True)
class RecordedNoise(Noise):
    """Noise that records every draw."""

    draws: list[Draw] = field(default_factory=list)

    def uniform(self, name: str, *shape: int) -> Tensor:
        return self._record("uniform", name, shape, super().uniform(name, *shape))

    def normal(self, name: str, *shape: int) -> Tensor:
        return self._record("normal", name, shape, super().normal(name, *shape))

    def integers(self, name: str, high: int) -> Tensor:
        return self._record("integers", name, (high,), super().integers(name, high))

    def shared(self, name: str, high: int) -> Tensor:
        value = super().shared(name, high)
        self.draws.append(Draw("shared", name, (high,), (), value))
        return value

    def _record(self, law: str, name: str, shape: tuple[int, ...], values: Tensor) -> Tensor:
        self.draws.append(Draw(law, name, shape, tuple(self.rows.tolist()), values.clone()))
        return values


@dataclass(frozen=True)
class RepeatedNoise(Noise):
    """The noise of a batch that contains every row twice: rows 0 .. n - 1, then 0 .. n - 1 again.

    ``sized(m)`` repeats its m rows in the same way; ``shared``, one draw for the whole batch, is unchanged.
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


def convert_noise(kind: type[N], noise: Noise) -> N:
    """Return the same noise as another subclass."""
    return kind(**{f.name: getattr(noise, f.name) for f in fields(Noise)})


def repeat_rows(noise: Noise) -> RepeatedNoise:
    """Return the noise of the same rows, each twice."""
    return replace(convert_noise(RepeatedNoise, noise), rows=noise.rows.repeat(2))
