"""Protocols: named and versioned rules that turn clips into scores, read from TOML; and the id that is stored with every score.

Two scores are comparable only if their ids are equal. The id covers everything that a score depends on except the clips themselves:
the protocol's name and version, the number of samples, every metric's options, the instrument's weights and preprocessing, the
reference statistics, the precision, and the changes made to external clips before scoring.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from vidgen_bench.config.spec import NAME
from vidgen_bench.config.toml import Strict, explain, read_shipped, read_toml, shipped
from vidgen_bench.errors import RequestError, did_you_mean

Precision = Literal["float32", "tf32", "bf16"]
"""The instrument's arithmetic: strict float32 throughout, TF32 in matrix products and convolutions, or bfloat16 under autocast."""

DIGITS = 12
"""Hex digits of the hash at the end of an id."""

_CHANGE = re.compile(r"[a-z]+(=[a-z0-9:,.>-]+)?\Z")
"""A change made to external clips: ``rounded``, ``trim=16``, ``resize=cubic-antialias:32,48->64``."""


def _checked_name(name: str) -> str:
    if not NAME.match(name):
        raise ValueError("expected lower-case letters, digits, '-', '_' or '.'")
    return name


class RealPart(Strict):
    """The real clips behind the reference statistics: whole passes over the training list, or a number of clips."""

    passes: int | None = Field(default=None, ge=1, description="passes over the training list, each with fresh offsets")
    clips: int | None = Field(
        default=None, ge=2, description="clips from the training list, one per video until every video was used"
    )
    augment: tuple[Literal["flip", "shift-x"], ...] = Field(
        default=(), description="random changes of real clips: flip, shift-x"
    )

    @model_validator(mode="after")
    def _one_rule(self) -> RealPart:
        if (self.passes is None) == (self.clips is None):
            raise ValueError("give either passes or clips, not both")
        return self


class Protocol(Strict):
    """A validated protocol."""

    name: str = Field(description="name of the protocol, which is part of every score's id")
    version: int = Field(ge=1, description="version of the protocol; raise it when a change makes scores differ")
    summary: str = Field(default="", description="one sentence for `vidgen-bench protocols`")
    source: str = Field(default="", description="paper or code that defines it")
    instrument: str | None = Field(default=None, description="instrument that looks at clips; default: the track's")
    preprocessing: str = Field(description="how clips become the instrument's input: one of those that it declares")
    frames: int = Field(default=16, ge=2, description="frames per clip; must equal the track's")
    samples: int = Field(ge=1, description="generated clips per batch")
    fixed: bool = Field(default=False, description="whether tracks may not change the number of samples")
    precision: Precision = Field(default="float32", description="arithmetic of the instrument: float32, tf32 or bf16")
    metrics: tuple[str, ...] = Field(min_length=1, description="metrics to compute, in the order of the columns")
    extra: tuple[str, ...] = Field(
        default=(), description="metrics computed on the final samples only; tables do not rank by them"
    )
    options: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="values of metrics' options: a table per metric"
    )
    layers: dict[str, str] = Field(
        default_factory=dict,
        description="layer of the instrument that a metric reads, instead of its own: one per metric",
    )
    real: RealPart = Field(description="The real clips behind the reference statistics; passes or clips.")

    @field_validator("name")
    @classmethod
    def _is_name(cls, name: str) -> str:
        return _checked_name(name)

    @model_validator(mode="after")
    def _consistent(self) -> Protocol:
        every = (*self.metrics, *self.extra)
        if twice := sorted({m for m in every if every.count(m) > 1}):
            raise ValueError(f"the metric {twice[0]!r} is listed twice")
        return self

    @property
    def declared(self) -> dict[str, Any]:
        """The part of the declaration that the id covers, without descriptions and the choice of metrics.

        It has ``layers`` only if some are set, so that the ids of all other protocols are those from before there were any.
        """
        words = {"summary", "source", "metrics", "extra", "fixed", "instrument"}
        return self.model_dump(mode="json", exclude=words if self.layers else words | {"layers"})


class Stamp(Strict):
    """Everything that a protocol's scores depend on; its :attr:`id` is stored with them."""

    protocol: dict[str, Any]
    instrument: str
    sha256: str = Field(description="SHA-256 of the instrument's weights")
    real: str = Field(description="hash of the reference statistics' contents, whether or not the metric uses them")
    changes: tuple[str, ...] = Field(default=(), description="changes made to external clips: resize=64, trim=16")

    @field_validator("instrument")
    @classmethod
    def _is_name(cls, name: str) -> str:
        return _checked_name(name)

    @field_validator("changes")
    @classmethod
    def _are_changes(cls, changes: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [change for change in changes if not _CHANGE.match(change)]:
            raise ValueError(f"expected changes such as trim=16; {wrong[0]!r} is not one")
        return changes

    @field_validator("protocol")
    @classmethod
    def _is_declared(cls, table: dict[str, Any]) -> dict[str, Any]:
        """Accept only a table that :attr:`Protocol.declared` can return, so that :attr:`id` finds every key it needs."""
        try:
            whole = Protocol.model_validate_json(json.dumps({**table, "metrics": ["any"]}), strict=True)
        except ValidationError as error:
            raise ValueError(f"this is not a valid protocol: {explain(error, Protocol).strip()}") from None
        if "precision" not in table:  # optional in a protocol, required in an id
            raise ValueError("this is not a valid protocol: precision: this key is missing")
        if unknown := sorted(set(table) - set(whole.declared)):
            raise ValueError(
                f"this is not a valid protocol: unknown key {unknown[0]!r}; valid: {', '.join(whole.declared)}"
            )
        return table

    @property
    def id(self) -> str:
        """Return ``c3d-tgan-v1 n=2048 c3d-ucf101 float32 #0123456789ab``: a readable part, and a hash of all fields."""
        text = json.dumps(self.model_dump(mode="json", exclude={"instrument"}), sort_keys=True, separators=(",", ":"))
        tail = hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
        p = self.protocol
        words = [f"{p['name']}-v{p['version']}", f"n={p['samples']}", self.instrument, p["precision"], *self.changes]
        return " ".join([*words, f"#{tail}"])


def shipped_protocols() -> list[str]:
    """Return the names of the protocols that come with the package."""
    return shipped("protocol")


def load_protocol(name_or_file: str) -> Protocol:
    """Return a shipped protocol by name, or your own from a TOML file (any text that ends in ``.toml``).

    Raises:
        RequestError: an unknown name (the message suggests the nearest), a missing file, invalid TOML, a key that is unknown,
            missing or out of range, or a file that reuses the name of a shipped protocol.
    """
    if name_or_file.endswith(".toml"):
        protocol = read_toml(name_or_file, Protocol, "protocol")
        if protocol.name in shipped_protocols() and protocol != load_protocol(protocol.name):
            raise RequestError(
                f"The protocol file {name_or_file} uses the name {protocol.name!r} of a shipped protocol. Choose another name."
            )
        return protocol
    if name_or_file not in shipped_protocols():
        own = " To use a protocol of your own, give a file that ends in .toml."
        raise RequestError(
            f"There is no protocol named {name_or_file!r}.{did_you_mean(name_or_file, shipped_protocols())}{own}"
        )
    return read_shipped(name_or_file, Protocol, "protocol")


def adjusted(protocol: Protocol, changes: Mapping[str, Any]) -> Protocol:
    """Return the protocol with the changes that a track or a user makes; a value of None changes nothing.

    If ``metrics`` is set without ``extra``, the metrics in it are removed from ``extra``.

    Raises:
        RequestError: a number of samples that a fixed protocol does not allow, or an invalid value.
    """
    given = {key: value for key, value in changes.items() if value is not None and value != getattr(protocol, key)}
    if protocol.fixed and "samples" in given:
        raise RequestError(
            f"The protocol {protocol.name} always uses {protocol.samples} samples, as its name says; found {given['samples']}."
        )
    if "metrics" in given and changes.get("extra") is None:
        given["extra"] = tuple(m for m in protocol.extra if m not in given["metrics"])
    try:
        return Protocol.model_validate({**dict(protocol), **given})
    except ValidationError as error:
        raise RequestError(f"Invalid settings for protocol {protocol.name}:\n{explain(error, Protocol)}") from None
