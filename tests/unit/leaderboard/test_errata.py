"""Errata: a score is known to be wrong by the version of its metric and its protocol."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.record_files import STAMP, plugins, record, under
from vidgen_bench.errors import RequestError
from vidgen_bench.leaderboard.errata import Erratum, errata_of, known_errata, read_errata

FILE = """
[[errata]]
versions = ["0.0.9", "0.1.0"]
metric = "fid"
protocol = "c3d-tgan-v1"
reason = "the covariance used the divisor n"

[[errata]]
versions = ["2.1"]
metric = "is"
protocol = "*"
distribution = "vidgen-other"
reason = "logits instead of probabilities"
"""


@pytest.fixture
def errata(tmp_path: Path) -> tuple[Erratum, ...]:
    (tmp_path / "errata.toml").write_text(FILE)
    return read_errata(tmp_path / "errata.toml")


def test_a_score_of_a_version_concerned_has_a_reason(errata: tuple[Erratum, ...]) -> None:
    assert errata_of(record(), errata=errata) == "the covariance used the divisor n"
    assert errata_of(record(), "fid", errata) == "the covariance used the divisor n"


def test_another_metric_version_protocol_or_maker_has_none(errata: tuple[Erratum, ...]) -> None:
    later = record(plugins=plugins(["metric"], version="0.2.0"))
    other = STAMP.model_copy(update={"protocol": {**STAMP.protocol, "version": 2}})
    theirs = record(plugins=plugins(["metric"], distribution="vidgen-other"))
    for made in (later, record(**under(other)), theirs, record(diverged=True)):
        assert errata_of(made, errata=errata) is None
    assert errata_of(record(), "is", errata) is None
    assert errata_of(record(), "fvd", errata) is None
    assert errata_of(record(), errata=()) is None


def test_every_protocol_and_another_package(errata: tuple[Erratum, ...]) -> None:
    theirs = record(plugins=plugins(["metric"], distribution="vidgen-other", version="2.1"))
    assert errata_of(theirs, "is", errata) == "logits instead of probabilities"


def test_a_distribution_is_the_same_in_every_spelling() -> None:
    erratum = Erratum(versions=("0.1.0",), metric="fid", protocol="*", reason="wrong", distribution="My.Package")
    theirs = record(plugins=plugins(["metric"], distribution="my_package"))
    assert errata_of(theirs, "fid", [erratum]) == "wrong"


@pytest.mark.parametrize("spelt", ["v0.1.0", "0.1", "0.1.0.0"])
def test_a_version_is_the_same_in_every_spelling(errata: tuple[Erratum, ...], spelt: str) -> None:
    assert (
        errata_of(record(plugins=plugins(["metric"], version=spelt)), errata=errata)
        == "the covariance used the divisor n"
    )


def test_the_file_of_the_project_is_valid_and_its_example_too(tmp_path: Path) -> None:
    path = Path(__file__).parents[3] / "leaderboards" / "errata.toml"
    assert read_errata(path) == known_errata()
    example = [line.removeprefix("#") for line in path.read_text().splitlines() if line.startswith("#   ")]
    (tmp_path / "errata.toml").write_text("\n".join(line.strip() for line in example))
    (erratum,) = read_errata(tmp_path / "errata.toml")
    assert errata_of(record(), errata=[erratum]) == "the covariance used the divisor n"


def test_an_entry_is_added_at_the_end_of_the_file_of_the_project(tmp_path: Path) -> None:
    path = Path(__file__).parents[3] / "leaderboards" / "errata.toml"
    (tmp_path / "errata.toml").write_text(path.read_text() + FILE)
    assert len(read_errata(tmp_path / "errata.toml")) == len(known_errata()) + 2


@pytest.mark.parametrize("text", ["", "\n", "# nothing is known to be wrong\n"])
def test_an_empty_file_has_no_errata(tmp_path: Path, text: str) -> None:
    (tmp_path / "errata.toml").write_text(text)
    assert read_errata(tmp_path / "errata.toml") == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("errata = [", "is not valid TOML"),
        ("[[errata]]\nversions = []", "versions"),
        (FILE.replace('metric = "fid"', 'metrics = "fid"'), "unknown key. Did you mean 'metric'?"),
        (FILE.replace("the covariance used the divisor n", " "), "reason"),
    ],
)
def test_a_spoiled_file_names_its_fault(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "errata.toml").write_text(text)
    with pytest.raises(RequestError, match=reason.replace("?", r"\?")):
        read_errata(tmp_path / "errata.toml")
