"""Errata: versions of a metric that are known to be wrong under a protocol. Tables strike their rows through and do not rank them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from pydantic import Field

from vidgen_bench.config.toml import Strict, parse_toml
from vidgen_bench.errors import RequestError
from vidgen_bench.leaderboard.ranking_metric import selected
from vidgen_bench.leaderboard.submissions.layout import ERRATA, RECORD_BYTES
from vidgen_bench.records.distribution_name import normalised
from vidgen_bench.records.record import Record
from vidgen_bench.records.release import release


class Erratum(Strict):
    """One known error: which versions of a distribution compute a metric wrongly under a protocol, and why."""

    distribution: str = Field(default="vidgen-bench", description="the package that has the metric")
    versions: tuple[str, ...] = Field(min_length=1, description="every version concerned, in any spelling of it")
    metric: str
    protocol: str = Field(description="name and version of the protocol, c3d-tgan-v1, or * for all protocols")
    reason: str = Field(min_length=1, pattern=r"^[^\r\n]*\S[^\r\n]*$")


class _Errata(Strict):
    errata: tuple[Erratum, ...] = ()


def errata_of(record: Record, metric: str | None = None, errata: Iterable[Erratum] | None = None) -> str | None:
    """Return why a record's score is known to be wrong, or None.

    Args:
        record: the record.
        metric: the metric of the score; the one that ranks the record unless given.
        errata: the known errors; those that come with vidgen-bench unless given.
    """
    name = selected(record) if metric is None else metric
    if name is None or name not in record.scores:
        return None
    protocol = record.protocols[record.metrics[name].protocol].protocol
    measured = {f"{protocol['name']}-v{protocol['version']}", "*"}
    makers = {
        (p.normalised_distribution, _one_spelling(p.version))
        for p in record.plugins
        if (p.kind, p.name) == ("metric", name)
    }
    for erratum in known_errata() if errata is None else errata:
        concerned = any(
            (normalised(erratum.distribution), _one_spelling(version)) in makers for version in erratum.versions
        )
        if erratum.metric == name and erratum.protocol in measured and concerned:
            return erratum.reason
    return None


def _one_spelling(version: str) -> str:
    return release(version) or version


def read_errata(path: Path) -> tuple[Erratum, ...]:
    """Return the known errors in a file.

    Raises:
        RequestError: not valid TOML, or a key that is unknown, missing or invalid.
    """
    return parse_toml(path.read_bytes(), _Errata, f"errata {path}").errata


def errata_in(folder: Path) -> tuple[Erratum, ...]:
    """Return the known errors of a folder of submitted results; those that come with vidgen-bench if it has no such file.

    Raises:
        RequestError: the file cannot be read, is too large, or is not valid.
    """
    path = folder / ERRATA
    if path.is_symlink() or not path.is_file():
        return known_errata()  # verify reports what is not a regular file
    try:
        if (size := path.stat().st_size) > RECORD_BYTES:
            raise RequestError(f"The errata {path} have {size:,} bytes; at most {RECORD_BYTES:,} are allowed.")
        return read_errata(path)
    except OSError as error:
        raise RequestError(f"The errata {path} cannot be read: {error.strerror or error}.") from None
    except (ValueError, RecursionError) as error:
        raise RequestError(f"The errata {path} are not valid: {error}.") from None


@cache
def known_errata() -> tuple[Erratum, ...]:
    """Return the known errors: in a checkout those of ``leaderboards/errata.toml``, else of the copy in the package."""
    package = Path(__file__).resolve().parents[1]
    places = [root / "leaderboards" / "errata.toml" for root in (package.parent, package)]
    found = next((path for path in places if path.is_file()), None)
    return () if found is None else read_errata(found)
