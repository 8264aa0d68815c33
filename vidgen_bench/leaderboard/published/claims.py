"""What the paper's claims rest on, and what the published numbers support.

Each claim compares two rows of a table. The ± of a row is the spread of ten batches of *one* checkpoint of *one* seed, so the numbers
can separate two checkpoints. They cannot separate two methods, which takes several seeds each.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pydantic import Field

from vidgen_bench.config.toml import Strict, parse_toml
from vidgen_bench.leaderboard.published.sources import PublishedRow, published_folder, sources
from vidgen_bench.leaderboard.statistics import chi_square, spread, student
from vidgen_bench.leaderboard.statistics.power import seeds_needed
from vidgen_bench.leaderboard.statistics.welch import Welch, welch_from_moments

BATCHES = 10
"""Batches behind each published ±."""


class Claim(Strict):
    """A claim, and the two rows that it compares."""

    claim: str
    metric: str
    table: str
    first: str
    second: str
    not_testable: str = Field(default="", description="why even the two checkpoints cannot be compared")
    remark: str = ""


class Repeats(Strict):
    """Repeated runs of one method, which show the spread between runs."""

    source: str
    method: str
    metric: str
    systems: tuple[str, ...] = Field(min_length=2)


class Claims(Strict):
    """The claims of one paper."""

    source: str
    repeats: Repeats
    claims: tuple[Claim, ...] = Field(min_length=1)


@dataclass(frozen=True)
class BetweenRuns:
    """The spread between runs of one method, and what it means for a difference between two methods with one run each."""

    sd: float
    sd_interval: tuple[float, float]
    """The 95 % interval of the standard deviation."""
    runs: int
    p: float
    """Two-sided, if ``sd`` were the known spread of both methods: z = difference / (sd sqrt(2))."""
    p_of_few_runs: float
    """Two-sided, with the uncertainty of an ``sd`` from few runs: Student's t with runs - 1 degrees of freedom in place of z."""
    seeds: int | None
    """Seeds per method that find the difference with probability 0.8 at the level 0.05."""


@dataclass(frozen=True)
class Support:
    """A claim, its rows, and what they support."""

    claim: Claim
    first: PublishedRow
    second: PublishedRow
    checkpoints: Welch | None
    """Welch's test between the two checkpoints, from the batches; None if a ± is missing."""
    runs: BetweenRuns | None
    """None if no repeated runs of a compared method are published for the metric."""


def load_claims(name: str = "gordon-parde-2020") -> Claims:
    """Return the claims of a paper; ``name`` is a file in ``leaderboards/published/claims`` without its suffix."""
    path = published_folder() / "claims" / f"{name}.toml"
    return parse_toml(path.read_bytes(), Claims, f"claims {path}")


def supports(claims: Claims) -> list[Support]:
    """Return what the published numbers support of each claim."""
    return [_support(claims, claim) for claim in claims.claims]


def _support(claims: Claims, claim: Claim) -> Support:
    source = sources()[claims.source]
    first, second = (source.find(claim.table, system, claim.metric) for system in (claim.first, claim.second))
    # the printed ± is a population standard deviation: its square times n / (n - 1) is the sample variance
    of_first, of_second = (
        None if r.std is None else (r.mean, r.std**2 * BATCHES / (BATCHES - 1), BATCHES) for r in (first, second)
    )
    known_spread = of_first and of_second and not claim.not_testable
    test = welch_from_moments(of_first, of_second) if known_spread and of_first and of_second else None
    repeats = claims.repeats
    of_method = (f"{repeats.method}-", f"{repeats.method} ")
    known = claim.metric == repeats.metric and claim.first.startswith(of_method) and claim.second.startswith(of_method)
    return Support(claim, first, second, test, _between_runs(repeats, first.mean - second.mean) if known else None)


def _between_runs(repeats: Repeats, difference: float) -> BetweenRuns:
    rows = sources()[repeats.source].rows
    means = [row.mean for row in rows if row.system in repeats.systems and row.metric == repeats.metric]
    sd = spread.sd(means)
    low, high = chi_square.sd_factors(len(means) - 1)
    p = math.erfc(abs(difference) / (sd * math.sqrt(2.0)) / math.sqrt(2.0))
    p_of_few_runs = student.two_sided_p(difference / (sd * math.sqrt(2.0)), len(means) - 1)
    return BetweenRuns(sd, (low * sd, high * sd), len(means), p, p_of_few_runs, seeds_needed(abs(difference) / sd))
