r"""Random numbers as a pure function of (key, name, row, column), computed with integer tensor operations.

Each number is one step of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014, fig. 16-17):

    start(row) = mix(mix(key + fnv1a(name)) + gamma * (row + 1)),     bits = mix(start(row) + gamma * (column + 1))

There is no generator and no state: a sample depends on its row id, not on its batch, the number of processes, or earlier draws.
Columns are row-major with the leading axis first, so ``normal("drive", T, d)`` keeps its first frames when T grows.
Integers and uniforms are identical on every device; normals agree up to the rounding of log and cos.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from vidgen_bench.errors import PluginError

_MASK = (1 << 64) - 1
_GAMMA = 0x9E3779B97F4A7C15
_MIX1, _MIX2 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def _signed(value: int) -> int:
    """Return an unsigned 64-bit value as the int64 with the same bits."""
    value &= _MASK
    return value - (1 << 64) if value >> 63 else value


def _mix_int(z: int) -> int:
    z = ((z ^ (z >> 30)) * _MIX1) & _MASK
    z = ((z ^ (z >> 27)) * _MIX2) & _MASK
    return z ^ (z >> 31)


def fnv1a(name: str) -> int:
    """Return the 64-bit FNV-1a hash of a name (Python's ``hash`` is salted and changes between runs)."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = ((value ^ byte) * 0x100000001B3) & _MASK
    return value


def key_of(*parts: int | str) -> int:
    """Return the int64 key for a sequence of integers and names, such as ``(seed, player, position)``."""
    key = 0
    for part in parts:
        word = fnv1a(part) if isinstance(part, str) else part & _MASK
        key = _mix_int((key + _GAMMA + word) & _MASK)
    return _signed(key)


def keys_of(parts: Sequence[int | str], last: Tensor) -> Tensor:
    """Return the int64 keys ``key_of(*parts, n)`` of all integers n in a tensor, computed on its device."""
    return _mix(last + _signed(key_of(*parts) + _GAMMA))


def _shift(z: Tensor, bits: int) -> Tensor:
    """Return int64 values shifted right logically (torch's shift is arithmetic)."""
    return (z >> bits) & ((1 << (64 - bits)) - 1)


def _mix(z: Tensor) -> Tensor:
    z = (z ^ _shift(z, 30)) * _signed(_MIX1)
    z = (z ^ _shift(z, 27)) * _signed(_MIX2)
    return z ^ _shift(z, 31)


def random_bits(key: Tensor, name: str, rows: Tensor, columns: int) -> Tensor:
    """Return random int64 bits [N, columns] for these rows under this key and name; [P, N, columns] for keys [P, 1]."""
    start = _mix(_mix(key + _signed(fnv1a(name))) + (rows + 1) * _signed(_GAMMA))
    column = torch.arange(1, columns + 1, dtype=torch.int64, device=rows.device) * _signed(_GAMMA)
    return _mix(start[..., None] + column)


@dataclass(frozen=True)
class Noise:
    """The random numbers of one batch, drawn by name.

    ``key`` is an int64 scalar tensor. ``rows`` are the int64 row ids [N]: ``rank * n + arange(n)`` in training, the sample indices
    when sampling. ``rank`` is this process's number, ``world`` the number of processes. ``sizable`` is False when sampling.
    """

    key: Tensor
    rows: Tensor
    rank: int = 0
    world: int = 1
    sizable: bool = False

    def uniform(self, name: str, *shape: int) -> Tensor:
        """Return float32 [N, *shape], uniform in the open interval (0, 1): midpoints of 2^23 equal cells."""
        bits = self._bits(name, shape)
        return ((_shift(bits, 41).to(torch.float32) + 0.5) * 2.0**-23).view(-1, *shape)

    def normal(self, name: str, *shape: int) -> Tensor:
        """Return float32 [N, *shape], standard normal by the Box-Muller transform: sqrt(-2 ln u) cos(2 pi v), |z| < 6.8."""
        bits = self._bits(name, shape)
        u = (_shift(bits, 32).to(torch.float32) + 0.5) * 2.0**-32
        v = (bits & 0xFFFFFFFF).to(torch.float32) * (2.0 * math.pi * 2.0**-32)
        return (torch.sqrt(-2.0 * torch.log(u)) * torch.cos(v)).view(-1, *shape)

    def integers(self, name: str, high: int) -> Tensor:
        """Return int64 [N], uniform in 0 .. high - 1 (0 < high <= 2^31; bias below high / 2^31)."""
        return _scaled(self._bits(name, ())[:, 0], high)

    def shared(self, name: str, high: int) -> Tensor:
        """Return one int64 scalar in 0 .. high - 1 for the whole batch, the same on every process."""
        one = torch.full((1,), -1, dtype=torch.int64, device=self.rows.device)
        return _scaled(random_bits(self.key, name, one, 1)[0, 0], high)

    def sized(self, rows: int) -> Noise:
        """Return the noise for a batch with another global size (10 images alongside 3 videos); refused when sampling."""
        if not self.sizable:
            raise PluginError("noise.sized() was called while sampling: a sample may depend on its own row only")
        if rows % self.world:
            raise PluginError(f"noise.sized({rows}): the number of processes, {self.world}, must divide the rows")
        each = rows // self.world
        return replace(self, rows=self.rank * each + torch.arange(each, dtype=torch.int64, device=self.rows.device))

    def _bits(self, name: str, shape: tuple[int, ...]) -> Tensor:
        return random_bits(self.key, name, self.rows, math.prod(shape))


def _scaled(bits: Tensor, high: int) -> Tensor:
    """Return 64 random bits mapped to 0 .. high - 1 by a multiplication and a shift."""
    return (_shift(bits, 33) * high) >> 31


def training_noise(key: Tensor, batch: int, rank: int = 0, world: int = 1) -> Noise:
    """Return the noise for one training turn: ``batch`` rows over all processes, ``batch // world`` in this one."""
    each = batch // world
    rows = rank * each + torch.arange(each, dtype=torch.int64, device=key.device)
    return Noise(key, rows, rank, world, sizable=True)


def sampling_noise(seed: int, purpose: str, indices: Tensor) -> Noise:
    """Return the noise for the samples with these indices [N] (int64) and one purpose ("final", "sample")."""
    return Noise(torch.full((), key_of(seed, purpose), dtype=torch.int64, device=indices.device), indices)


@dataclass(frozen=True)
class GivenNoise:
    """Noise read from a table ``{name: tensor [N, *shape]}``, for plugin tests and golden values."""

    table: Mapping[str, Tensor]

    def _lookup(self, name: str) -> Tensor:
        if name not in self.table:
            raise PluginError(
                f"there is no noise named {name!r}; the table has {', '.join(sorted(self.table)) or 'none'}"
            )
        return self.table[name]

    def normal(self, name: str, *shape: int) -> Tensor:
        """Return the table's tensor, cut to ``shape`` along its leading column axis."""
        given = self._lookup(name)
        return given[:, : shape[0]] if shape else given

    uniform = normal

    def integers(self, name: str, high: int) -> Tensor:
        """Return the table's integers [N]."""
        return self._lookup(name)

    def shared(self, name: str, high: int) -> Tensor:
        """Return the table's scalar."""
        return self._lookup(name)

    def sized(self, rows: int) -> GivenNoise:
        """Return this object: the table fixes the number of rows."""
        return self
