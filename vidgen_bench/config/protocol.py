"""Protocols: how clips become numbers, named and versioned, read from TOML; and the id that is stamped on every number.

Two numbers may be compared only where their ids are equal. The id covers everything that the number depends on and that is not
the clips themselves: the protocol's name and version, how many samples, every metric's options, the instrument's weights and
preprocessing, the reference statistics, the precision, and what was done to clips from elsewhere before they were measured.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from vidgen_bench.config.spec import NAME
from vidgen_bench.config.toml import Strict, explain, parse_toml
from vidgen_bench.errors import RequestError, did_you_mean

Precision = Literal["float32", "tf32", "bf16"]
"""How the instrument computes: strict float32 everywhere, TF32 in matrix products and convolutions, or bfloat16 under autocast."""

DIGITS = 12
"""Hex digits of the hash that ends an id."""


class RealPart(Strict):
    """Which real clips the reference statistics are of: whole passes over the training list, or a number of clips."""

    passes: int | None = Field(default=None, ge=1, description="passes over the training list, each with fresh offsets")
    clips: int | None = Field(
        default=None, ge=2, description="clips of the training list, one a video until all were seen"
    )
    augment: tuple[Literal["flip", "shift-x"], ...] = ()

    @model_validator(mode="after")
    def _one_rule(self) -> RealPart:
        if (self.passes is None) == (self.clips is None):
            raise ValueError("give either passes or clips, one of the two")
        return self


class Protocol(Strict):
    """One protocol, validated."""

    name: str
    version: int = Field(ge=1)
    summary: str = ""
    source: str = Field(default="", description="paper or code that measures so")
    instrument: str | None = Field(default=None, description="its instrument; None: the one that the track names")
    preprocessing: str
    frames: int = Field(default=16, ge=2, description="of a clip; the track's must be as many")
    samples: int = Field(ge=1, description="generated clips a batch")
    fixed: bool = Field(
        default=False, description="whether its name promises the number of samples, so that no track changes it"
    )
    precision: Precision = "float32"
    metrics: tuple[str, ...] = Field(min_length=1)
    extra: tuple[str, ...] = Field(
        default=(), description="metrics of the final samples alone, which no table ranks by"
    )
    options: dict[str, dict[str, Any]] = Field(default_factory=dict, description="option values by metric")
    real: RealPart

    @field_validator("name")
    @classmethod
    def _is_name(cls, name: str) -> str:
        if not NAME.match(name):
            raise ValueError("expected lower-case letters, digits, '-', '_' or '.'")
        return name

    @model_validator(mode="after")
    def _consistent(self) -> Protocol:
        every = (*self.metrics, *self.extra)
        if twice := sorted({m for m in every if every.count(m) > 1}):
            raise ValueError(f"the metric {twice[0]!r} is named twice")
        return self

    @property
    def declared(self) -> dict[str, Any]:
        """What the id covers of the declaration: all but words, and but which metrics are asked for, which changes none of them."""
        words = {"summary", "source", "metrics", "extra", "fixed", "instrument"}
        return self.model_dump(mode="json", exclude=words)


class Stamp(Strict):
    """What a protocol's numbers depend on, all of it; :attr:`id` is what is written beside them."""

    protocol: dict[str, Any]
    instrument: str
    sha256: str = Field(description="of the instrument's weights")
    real: str = Field(description="hash of what the reference statistics are of, whether the metric reads them or not")
    changes: tuple[str, ...] = Field(
        default=(), description="what was done to clips from elsewhere: resize=64, trim=16"
    )

    @field_validator("protocol")
    @classmethod
    def _is_declared(cls, table: dict[str, Any]) -> dict[str, Any]:
        """Take what :attr:`Protocol.declared` gives; a record that was edited is refused before its words are looked up."""
        try:
            whole = Protocol.model_validate_json(json.dumps({**table, "metrics": ["any"]}), strict=True)
        except ValidationError as error:
            raise ValueError(f"this is no protocol: {explain(error, Protocol).strip()}") from None
        if "precision" not in table:  # a protocol may leave it out, an id has it
            raise ValueError("this is no protocol: precision: this key is missing")
        if unknown := sorted(set(table) - set(whole.declared)):
            raise ValueError(f"this is no protocol: {unknown[0]!r} is not among {', '.join(whole.declared)}")
        return table

    @property
    def id(self) -> str:
        """Return ``c3d-tgan-v1 n=2048 c3d-ucf101 float32 #0123456789ab``: words to read, and a hash that covers everything."""
        text = json.dumps(self.model_dump(mode="json", exclude={"instrument"}), sort_keys=True, separators=(",", ":"))
        tail = hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
        p = self.protocol
        words = [f"{p['name']}-v{p['version']}", f"n={p['samples']}", self.instrument, p["precision"], *self.changes]
        return " ".join([*words, f"#{tail}"])


def shipped_protocols() -> list[str]:
    """Return the names of the protocols that come with the package."""
    return sorted(f.name.removesuffix(".toml") for f in _folder().iterdir() if f.name.endswith(".toml"))


def load_protocol(name_or_file: str) -> Protocol:
    """Return a shipped protocol by name, or one's own from a TOML file (anything that ends in ``.toml``).

    Raises:
        RequestError: unknown name (with the nearest), no such file, no TOML, a key that is unknown, missing or out of range, or
            a file that takes the name of a shipped one.
    """
    if name_or_file.endswith(".toml"):
        try:
            protocol = parse_toml(Path(name_or_file).read_bytes(), Protocol, f"protocol {name_or_file}")
        except OSError as error:
            raise RequestError(f"The protocol file {name_or_file} cannot be read: {error.strerror or error}.") from None
        if protocol.name in shipped_protocols() and protocol != load_protocol(protocol.name):
            raise RequestError(
                f"The protocol file {name_or_file} takes the name {protocol.name!r} of a shipped protocol. Give it another."
            )
        return protocol
    if name_or_file not in shipped_protocols():
        own = " One's own protocol is a file that ends in .toml."
        raise RequestError(
            f"No protocol is called {name_or_file!r}.{did_you_mean(name_or_file, shipped_protocols())}{own}"
        )
    return parse_toml((_folder() / f"{name_or_file}.toml").read_bytes(), Protocol, f"protocol {name_or_file}")


def adjusted(protocol: Protocol, changes: Mapping[str, Any]) -> Protocol:
    """Return the protocol with what a track or a person set for it; None changes nothing.

    Where ``metrics`` are set alone, those of them that were extra no longer are.

    Raises:
        RequestError: another number of samples where the name promises one, or a value that no protocol may have.
    """
    given = {key: value for key, value in changes.items() if value is not None and value != getattr(protocol, key)}
    if protocol.fixed and "samples" in given:
        raise RequestError(
            f"The protocol {protocol.name} is of {protocol.samples} samples, as its name says; {given['samples']} were asked for."
        )
    if "metrics" in given and changes.get("extra") is None:
        given["extra"] = tuple(m for m in protocol.extra if m not in given["metrics"])
    try:
        return Protocol.model_validate({**dict(protocol), **given})
    except ValidationError as error:
        raise RequestError(f"The protocol {protocol.name} cannot be so:\n{explain(error, Protocol)}") from None


def _folder() -> Any:
    return resources.files("vidgen_bench.config") / "protocols"
