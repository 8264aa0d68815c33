"""Temporal generators that are wrong in one way each, and two right ones that are not like the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from tests.kit.wrong.right import Glide
from vidgen_bench import hookimpl
from vidgen_bench.api import LatentSpec, option

BETWEEN, AFTER, BEFORE = frozenset({"between"}), frozenset({"after"}), frozenset({"before"})

FORWARD = BETWEEN | AFTER


class Unfrozen:
    """A mutable declaration."""

    def __init__(self) -> None:
        self.name = "unfrozen"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(Glide(), name)


@dataclass(frozen=True)
class Unexplained:
    width: int = option(6, "")


@dataclass(frozen=True)
class OutOfRange:
    width: int = option(6, "width of the hidden layer", at_least=7)


@dataclass(frozen=True)
class Named:
    size: Literal["small", "large"] = option("small", "of the hidden layer")


@dataclass(frozen=True)
class Solved:
    width: int | Literal["equal"] = option(12, "width of the hidden layer")


@dataclass(frozen=True)
class Lonely(Glide):
    """Refuses every backbone."""

    def refuses(self, spec: LatentSpec, options: Any) -> str | None:
        return f"it takes matrices, not {spec.shape}"


@dataclass(frozen=True)
class Speechless(Glide):
    """Answers a question with an exception."""

    def refuses(self, spec: LatentSpec, options: Any) -> str | None:
        raise KeyError("embedding")


@hookimpl
def vidgen_temporal() -> tuple[Any, ...]:
    return (
        Unfrozen(),
        Glide("unexplained", options=Unexplained),
        Glide("out-of-range", options=OutOfRange),
        Glide("unnamed", summary=" "),
        Glide("misset", variants={"wide": {"width": "12"}}),
        Lonely("lonely"),
        Speechless("speechless"),
        Glide("squeezed", "Squeezed"),
        Glide("idle", "Idle"),
        Glide("steep", "Steep"),
        Glide("listed", "Listed", FORWARD),
        Glide("unseeded", "Unseeded", AFTER),
        Glide("attributed", "Attributed", FORWARD),
        Glide("numbered", "Counting", FORWARD),
        Glide("secretive", "Kicked"),
        Glide("boastful", stochastic=True),
        Glide("kicked", "Kicked", stochastic=True),
        Glide("crowded", "Crowded", FORWARD),
        Glide("lengthy", "Lengthy", FORWARD, stochastic=True),
        Glide("held", "Held", BETWEEN),
        Glide("parked", "Parked", AFTER),
        Glide("stretched", "Stretched", AFTER),
        Glide("sorted", "Sorted", AFTER),
        Glide("short", "Short", AFTER),
        Glide("wild", "Wild", AFTER),
        Glide("apart", "Apart", FORWARD),
        Glide("mirrored", "Mirrored"),
        Glide("mirrored-by-frame", "Mirrored", BEFORE),
        Glide("stopped", "Stopped"),
        Glide("jumping", "Jumping"),
        Glide("straight", "Straight"),
        Glide("level", variants={"equal": {"width": 20}}),
        Glide("roughly-level", "Named", options=Named, variants={"equal": {"size": "large"}}),
        Glide("equal", "Equal", options=Solved, variants={"equal": {"width": "equal"}}),
        Glide("shadowed", "Shadowed"),
        Glide("grown", "Grown"),
        Glide("forgetful", "Forgetful"),
        Glide("fussy", "Fussy", FORWARD),
        Glide("brittle", "Brittle", FORWARD),
        Glide("raising", "Raising"),
        Glide("euler", "Euler"),
        Glide("constant", "Constant"),
        Glide("restless", null=True),
    )
