"""The cells of a suite: in each a model to run, a record of an existing result, or only a published number."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator, model_validator

from vidgen_bench.config.spec import parse
from vidgen_bench.config.toml import Strict
from vidgen_bench.errors import RequestError

_SIDES = ("backbone", "temporal")


class Published(Strict):
    """A number from a paper: its mean, its ± if the paper gives one, and a note."""

    mean: float = Field(description="the published number")
    std: float | None = Field(default=None, ge=0, description="its ±, if the paper gives one")
    note: str = Field(default="", description="footnote of the published number")


class Settable(Strict):
    """A table with options under ``set``: ``"temporal.hidden" = 49``, or nested as ``temporal = { hidden = 49 }``."""

    set_: dict[str, Any] = Field(
        default_factory=dict,
        alias="set",
        description="options, as `temporal.hidden = 64`; those of a cell override the suite's",
    )

    @field_validator("set_", mode="before")
    @classmethod
    def _flat(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        flat: dict[str, Any] = {}
        for key, inner in value.items():
            spelt = {f"{key}.{name}": v for name, v in inner.items()} if isinstance(inner, dict) else {key: inner}
            if twice := flat.keys() & spelt:
                raise ValueError(f"{min(twice)}: given twice, as a dotted key and in a table")
            flat |= spelt
        for key, inner in flat.items():
            side, _, option = key.partition(".")
            if side not in _SIDES or not option or isinstance(inner, dict):
                raise ValueError(f"{key}: expected backbone.OPTION or temporal.OPTION, as in temporal.hidden = 49")
        return flat


class Model(Settable):
    """One model of a cell: a spec to run, with its options and track, or the record of an existing result."""

    spec: str | None = Field(default=None, description="model to run, as `run` takes it")
    record: str | None = Field(
        default=None,
        min_length=1,
        description="record file or folder of an existing result, relative to the suite file",
    )
    track: str | None = Field(default=None, description="track of this cell, if not the suite's; for a spec only")
    note: str = Field(default="", description="footnote of our number")

    @field_validator("spec")
    @classmethod
    def _is_spec(cls, text: str | None) -> str | None:
        try:
            parse(text or "")
        except RequestError as error:
            raise ValueError(str(error)) from None
        return text

    @model_validator(mode="after")
    def _one_source(self) -> Model:
        if self.spec is not None and self.record is not None:
            raise ValueError("it has both spec and record: give spec to run a model, or record to show a result")
        if self.spec is None and self.record is None:
            self._check_without_model()
        if self.spec is None:
            if self.set_:
                raise ValueError("set: options belong to a spec, and this cell has none")
            if self.track is not None:
                raise ValueError("track: only a spec runs on a track; a record names its own")
        return self

    def _check_without_model(self) -> None:
        raise ValueError("this model has neither spec nor record")


class Cell(Model):
    """One cell of the table: its row and column, its model, further models (``also``), and the published number."""

    row: str = Field(description="row of the cell")
    column: str = Field(description="column of the cell")
    published: Published | None = Field(default=None, description="number from a paper, shown beside ours")
    also: tuple[Model, ...] = Field(default=(), description="further models in the same cell")

    @property
    def models(self) -> tuple[Model, ...]:
        """All models of this cell, none for a published number alone; those in ``also`` run on the cell's track by default."""
        if self.spec is None and self.record is None:
            return ()
        return (self, *(m if m.track or not m.spec else m.model_copy(update={"track": self.track}) for m in self.also))

    def _check_without_model(self) -> None:
        if self.published is None:
            raise ValueError("a cell needs spec (to run a model), record (to show a result) or published (a number)")
        if self.also:
            raise ValueError("also: it is for further models; give the first one as spec or record of the cell")
        if self.note:
            raise ValueError("note: there is no number of ours to note; write it as published.note")
