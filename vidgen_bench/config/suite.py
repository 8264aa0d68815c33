"""Suites: tables of specs to run, read from TOML or written as a grid: ``tgan,mocogan x ode1,sde``."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator

from vidgen_bench.config.budget import Budget
from vidgen_bench.config.cell import Cell, Settable
from vidgen_bench.config.defaults import DEFAULT_TRACK
from vidgen_bench.config.spec import NAME, parse
from vidgen_bench.config.toml import Strict, explain, read_shipped, read_toml, shipped
from vidgen_bench.errors import RequestError, did_you_mean

OWN = "own"
"""In a grid: the backbone's own temporal generator."""

_TIMES = re.compile(r"\s+[x×]\s+")

Seed = Annotated[int, Field(strict=True, ge=0, lt=2**31)]


class Grid(Strict):
    """Every backbone with every temporal generator: ``own`` is the backbone's own; a variant may follow, as in ``ode1:equal``."""

    backbones: tuple[str, ...] = Field(min_length=1, description="columns of the grid")
    temporal: tuple[str, ...] = Field(
        default=(OWN,), min_length=1, description="rows of the grid; own is the backbone's own temporal generator"
    )

    @model_validator(mode="after")
    def _names(self) -> Grid:
        _once("backbones", self.backbones)
        _once("temporal", self.temporal)
        for name in self.backbones:
            if not NAME.match(name):
                raise ValueError(f"{name!r} is not a valid backbone name; expected names, as in tgan,mocogan")
        for name in self.temporal:
            try:
                parse(f"backbone+{name}")
            except RequestError:
                raise ValueError(f"{name!r} is not a valid temporal generator; expected e.g. ode1,ode1:equal") from None
        return self

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells, row by row."""
        return tuple(
            Cell(row="own G_t", column=b, spec=b) if t == OWN else Cell(row=t, column=b, spec=f"{b}+{t}")
            for t in self.temporal
            for b in self.backbones
        )


class Suite(Settable):
    """A validated suite: the cells of a table, the metric that they show, and how to run them."""

    name: str = Field(description="name of the suite")
    title: str = Field(default="", description="heading of the table; default: the name")
    reference: str = Field(default="", description="paper and table that the suite rebuilds")
    track: str = Field(default=DEFAULT_TRACK, description="track of all cells that name none: a name, or a .toml file")
    metric: str | None = Field(
        default=None, description="metric in the cells; default: the one that selects the track's checkpoints"
    )
    seeds: tuple[Seed, ...] = Field(default=(0,), min_length=1, description="seeds of every run")
    budget: Budget | None = Field(default=None, description="limits on training, instead of the track's")
    protocol: str = Field(default="", description="how the published numbers were obtained, in a sentence")
    notes: tuple[str, ...] = Field(default=(), description="sentences below the table")
    rows_: tuple[str, ...] = Field(
        default=(), alias="rows", description="order of the rows; default: that of the cells"
    )
    columns_: tuple[str, ...] = Field(
        default=(), alias="columns", description="order of the columns; default: that of the cells"
    )
    cells_: tuple[Cell, ...] = Field(default=(), alias="cells", description="cells of the table")
    grid: Grid | None = Field(default=None, description="backbones times temporal generators, instead of cells")

    @model_validator(mode="after")
    def _consistent(self) -> Suite:
        if not NAME.match(self.name):
            raise ValueError(f"name {self.name!r}: expected lower-case letters, digits, '-', '_' or '.'")
        if self.grid and (self.cells_ or self.rows_ or self.columns_):
            raise ValueError("a [grid] defines the rows, columns and cells: remove the grid or these keys")
        if not self.grid and not self.cells_:
            raise ValueError("a suite needs [[cells]], or a [grid]")
        _once("seeds", self.seeds)
        _once("rows", self.rows_)
        _once("columns", self.columns_)
        places: set[tuple[str, str]] = set()
        for number, cell in enumerate(self.cells_):
            where = f"cells.{number}"
            if cell.row not in self.rows:
                raise ValueError(f"{where}: its row {cell.row!r} is not in rows.{did_you_mean(cell.row, self.rows)}")
            if cell.column not in self.columns:
                hint = did_you_mean(cell.column, self.columns)
                raise ValueError(f"{where}: its column {cell.column!r} is not in columns.{hint}")
            if (cell.row, cell.column) in places:
                raise ValueError(f"{where}: second cell in row {cell.row!r}, column {cell.column!r}; join them by also")
            places.add((cell.row, cell.column))
        for word, names, used in (
            ("rows", self.rows_, {row for row, _ in places}),
            ("columns", self.columns_, {column for _, column in places}),
        ):
            if empty := [name for name in names if name not in used]:
                raise ValueError(f"{word}: {empty[0]!r} has no cell")
        return self

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells, taken from the grid if there is one."""
        return self.grid.cells if self.grid else self.cells_

    @property
    def rows(self) -> tuple[str, ...]:
        """The rows in order; by default in the order of the cells."""
        return self.rows_ or tuple(dict.fromkeys(c.row for c in self.cells))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns in order; by default in the order of the cells."""
        return self.columns_ or tuple(dict.fromkeys(c.column for c in self.cells))


def _once(word: str, names: Iterable[object]) -> None:
    seen: set[object] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{word}: {name!r} is given twice")
        seen.add(name)


def shipped_suites() -> list[str]:
    """Return the names of the suites that come with the package."""
    return shipped("suite")


def load_suite(text: str, backbones: Collection[str] = ()) -> Suite:
    """Return a shipped suite by name, your own from a TOML file, or a grid.

    Args:
        text: ``paper-table-1``, ``mine.toml``, ``tgan,mocogan x ode1,ode2:equal``, or a backbone's name.
        backbones: names of backbones; one alone is a grid of that backbone with its own temporal generator.
    Raises:
        RequestError: an unknown name (the message suggests the nearest), a missing file, invalid TOML, or an invalid key.
    """
    text = text.strip()
    if text.endswith(".toml"):
        path = Path(text)
        return _beside(path.parent, read_toml(path, Suite, "suite"))
    if text in shipped_suites():
        return read_shipped(text, Suite, "suite")
    if "," in text or _TIMES.search(f" {text} ") or text in backbones:
        return _grid(text)
    own = " For a suite of your own, give a file that ends in .toml, or a grid such as 'tgan,mocogan' x 'ode1,sde'."
    raise RequestError(
        f"There is no suite or backbone named {text!r}.{did_you_mean(text, {*shipped_suites(), *backbones})}{own}"
    )


def _grid(text: str) -> Suite:
    sides = [[name.strip() for name in side.split(",")] for side in _TIMES.split(f" {text} ")]
    form = (
        f"The grid {text!r} is not valid: expected BACKBONES x TEMPORAL GENERATORS, as in 'tgan,mocogan' x 'ode1,sde'"
    )
    if len(sides) > 2 or any(not name for side in sides for name in side):
        raise RequestError(f"{form}.")
    table = {"backbones": sides[0]} | ({"temporal": sides[1]} if len(sides) == 2 else {})
    try:
        return Suite.model_validate({"name": "grid", "title": f"Grid {text}", "grid": table})
    except ValidationError as error:
        raise RequestError(f"{form}.\n{explain(error, Suite)}") from None


def _beside(folder: Path, suite: Suite) -> Suite:
    """Return the suite with the paths of its track files and records resolved against the suite's folder."""

    def found(model: Any) -> Any:
        track, record = model.track, getattr(model, "record", None)
        paths = {"track": track if track and track.endswith(".toml") else None, "record": record}
        return model.model_copy(update={key: str(folder / path) for key, path in paths.items() if path})

    cells = tuple(found(c.model_copy(update={"also": tuple(map(found, c.also))})) for c in suite.cells_)
    moved: Suite = found(suite.model_copy(update={"cells_": cells}))
    return moved
