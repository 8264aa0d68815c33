"""What a user types stands for the run folders that a reader would expect."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.run_states import write_request
from vidgen_bench.errors import RequestError
from vidgen_bench.experiments.runs.chosen import chosen_run, chosen_runs, name_of
from vidgen_bench.experiments.runs.found import runs_below

NAMES = (
    "smoke/tgan+ode1.equal/seed-0",
    "smoke/tgan+ode1/seed-0",
    "smoke/tgan+ode1/seed-2",
    "smoke/tgan+ode1/seed-10",
    "ucf/tgan+ode2,temporal.hidden=64/seed-0",
)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for name in NAMES:
        write_request(tmp_path / "runs" / name)
    return tmp_path / "runs"


def names(found: list[Path], runs: Path) -> list[str]:
    return [name_of(path, runs) for path in found]


def test_runs_are_found_in_the_order_of_their_numbers_and_links_are_not_followed(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    write_request(tmp_path / "elsewhere" / "seed-0")
    (runs / "linked").symlink_to(tmp_path / "elsewhere")
    write_request(runs / ".hidden" / "seed-0")
    write_request(runs / "smoke/tgan+ode1/seed-0" / "inside")  # in a run folder there is no other
    assert names(runs_below(runs), runs) == ["smoke/tgan+ode1/seed-0", *NAMES[2:4], NAMES[0], NAMES[4]]
    assert runs_below(tmp_path / "missing") == []


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("smoke/tgan+ode1/seed-2", [NAMES[2]]),
        ("tgan+ode1/seed-2", [NAMES[2]]),
        ("tgan+ode1/2", [NAMES[2]]),
        ("TGAN+ode1/Seed-2/", [NAMES[2]]),
        ("tgan+ode1", NAMES[1:4]),
        ("tgan+ode1:equal", NAMES[:1]),
        ("ucf", NAMES[4:]),
        ("seed-0", [NAMES[1], NAMES[0], NAMES[4]]),
    ],
)
def test_a_part_of_a_name_is_enough(runs: Path, word: str, expected: list[str]) -> None:
    assert names(chosen_runs([word], runs), runs) == list(expected)


def test_paths_are_taken_as_they_are_and_no_run_twice(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(runs.parent)
    words = [
        "runs/smoke/tgan+ode1/seed-0",
        "runs/smoke/tgan+ode1/seed-0/request.json",
        str(runs / NAMES[1]),
        "runs/ucf",
    ]
    assert names(chosen_runs(words, Path("runs")), Path("runs")) == [NAMES[1], NAMES[4]]
    monkeypatch.chdir(runs / NAMES[1])
    assert chosen_run(".", Path("runs")) == Path(".")


def test_a_name_of_nothing_suggests_the_nearest(runs: Path) -> None:
    with pytest.raises(RequestError) as refused:
        chosen_run("tgn+ode1/seed-2", runs)
    assert "There is no run 'tgn+ode1/seed-2'" in str(refused.value)
    assert "Did you mean 'tgan+ode1/seed-2'" in str(refused.value)
    assert "lists the 5 runs there" in str(refused.value)


def test_without_any_run_the_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"There are no runs below .*missing; --runs names another folder"):
        chosen_run("tgan", tmp_path / "missing")


def test_one_run_is_not_several(runs: Path) -> None:
    with pytest.raises(RequestError, match=r"'tgan\+ode1' stands for 3 runs; expected one: smoke/tgan\+ode1/seed-0, "):
        chosen_run("tgan+ode1", runs)


def test_a_run_elsewhere_keeps_its_path(runs: Path, tmp_path: Path) -> None:
    write_request(tmp_path / "other" / "seed-0")
    assert name_of(chosen_run(str(tmp_path / "other" / "seed-0"), runs), runs) == str(tmp_path / "other" / "seed-0")
