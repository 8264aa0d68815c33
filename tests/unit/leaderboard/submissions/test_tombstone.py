"""Withdrawing: the record goes, its reason stays, and its row loses its rank."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from tests.kit.submitted_results import reasons, seeds_of, spoil, submitted
from vidgen_bench.errors import RequestError
from vidgen_bench.escaping import markdown_code
from vidgen_bench.leaderboard.collect import collect
from vidgen_bench.leaderboard.ranking import rankings
from vidgen_bench.leaderboard.submissions.tombstone import withdraw
from vidgen_bench.leaderboard.submissions.verify import check_history, read_submissions

FOLDER = "test-64/tgan+ode1"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    submitted(tmp_path, *seeds_of(), *seeds_of("tgan+ode2", better=1.0))
    return tmp_path


def test_a_tombstone_has_the_reason_the_date_and_the_hash(root: Path) -> None:
    path = root / FOLDER / "seed-3.json"
    sha = hashlib.sha256(path.read_bytes()).hexdigest()
    target = withdraw(path, "  trained on the test list ")
    assert not path.exists()
    table = json.loads(target.read_text())
    assert target.name == "seed-3.withdrawn.json"
    assert set(table) == {"schema", "seed", "reason", "date", "record", "row"}
    assert (table["seed"], table["reason"], table["record"]) == (3, "trained on the test list", sha)


def test_a_withdrawn_seed_makes_its_row_unranked(root: Path) -> None:
    withdraw(root / FOLDER / "seed-3.json", "wrong data")
    found = collect([], [root])
    assert found.faults == ()
    (ranking,) = rankings(found.entries)
    ranked = {row.spec: (row.missing, bool(row.ranks)) for row in ranking.rows}
    assert ranked == {"tgan+ode1": ((3,), False), "tgan+ode2": ((), True)}


def test_the_tombstones_of_a_folder_are_collected(root: Path) -> None:
    assert collect([], [root]).withdrawn == {}
    path = withdraw(root / FOLDER / "seed-3.json", "wrong data")
    (root / FOLDER / "seed-4.withdrawn.json").write_text("{}")
    assert {p: t.reason for p, t in collect([], [root]).withdrawn.items()} == {path.as_posix(): "wrong data"}


def test_a_reason_is_text_on_the_page(root: Path) -> None:
    withdraw(
        root / FOLDER / "seed-3.json", "[click](https://e.example) ![](https://e.example/x.png) @everyone ~~x~~ #1"
    )
    text = read_submissions(root).board()
    assert (
        r": \[click\](https:&#8203;//e.example) \!\[\](https:&#8203;//e.example/x.png) @&#8203;everyone \~\~x\~\~ #&#8203;1"
        in text
    )


def test_code_spans_cannot_be_left() -> None:
    assert markdown_code("t`![b](x)`/a\nb\x1b") == r"`t'![b](x)'/a b\x1b`"


def test_verify_accepts_the_rest_and_the_page_tells_why(root: Path) -> None:
    withdraw(root / FOLDER / "seed-3.json", "wrong *data* <b>")
    assert reasons(root) == {}
    text = read_submissions(root).board()
    assert f"- `{FOLDER}/seed-3.withdrawn.json`, " in text
    assert r"wrong \*data\* \<b\>" in text


def test_a_withdrawn_seed_is_not_sent_in_again(root: Path) -> None:
    kept = (root / FOLDER / "seed-3.json").read_bytes()
    withdraw(root / FOLDER / "seed-3.json", "wrong data")
    (root / FOLDER / "seed-3.json").write_bytes(kept)
    assert "seed 3 was withdrawn" in reasons(root)[f"{FOLDER}/seed-3.json"]
    assert f"{FOLDER}/seed-3.json" not in read_submissions(root).records


def test_history_accepts_a_withdrawal_of_the_same_content_only(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    before = tmp_path_factory.mktemp("before") / "results"
    shutil.copytree(root, before)
    target = withdraw(root / FOLDER / "seed-3.json", "wrong data")
    assert [f.kind for f in check_history(read_submissions(before), read_submissions(root))] == ["look"]
    spoil(target, lambda t: t.update(record="0" * 64))
    found, _ = check_history(read_submissions(before), read_submissions(root))
    assert "names another content" in found.reason
    target.unlink()
    (found,) = check_history(read_submissions(before), read_submissions(root))
    assert "was removed" in found.reason


@pytest.mark.parametrize("reason", ["", "   ", "a\nb", "\x1b[31m", "x" * 501])
def test_a_reason_is_one_printable_sentence(root: Path, reason: str) -> None:
    with pytest.raises(RequestError, match="expected a sentence on one line"):
        withdraw(root / FOLDER / "seed-3.json", reason)
    assert (root / FOLDER / "seed-3.json").exists()


def test_only_a_submitted_record_can_be_withdrawn(root: Path) -> None:
    (root / "record.json").write_text("{}")
    (root / FOLDER / "seed-9.json").symlink_to(root / "record.json")
    for name, reason in [("record.json", "is not a submitted record"), (f"{FOLDER}/seed-9.json", "regular file"),
                         (f"{FOLDER}/seed-8.json", "does not exist")]:  # fmt: skip
        with pytest.raises(RequestError, match=reason):
            withdraw(root / name, "reason")
    withdraw(root / FOLDER / "seed-3.json", "reason")
    with pytest.raises(RequestError, match="It was withdrawn: see"):
        withdraw(root / FOLDER / "seed-3.json", "reason")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda t: t.update(seed=4), "which the file name does not say"),
        (lambda t: t.update(reason=" "), "is not a valid tombstone: reason"),
        (lambda t: t.update(reason="\x1b[2J"), r"'\x1b'"),
        (lambda t: t.update(who="me"), "unknown key"),
        (lambda t: t.update(record="abc"), "is not a valid tombstone: record"),
        (lambda t: t.update(date="today"), "is not a valid tombstone: date"),
        (lambda t: t.update(schema=2), "is not a valid tombstone: schema"),
    ],
)
def test_a_spoiled_tombstone_is_listed(root: Path, change: object, reason: str) -> None:
    target = withdraw(root / FOLDER / "seed-3.json", "wrong data")
    spoil(target, change)  # type: ignore[arg-type]
    assert reason in reasons(root)[f"{FOLDER}/seed-3.withdrawn.json"]
    assert "seeds 3 are missing" in reasons(root)[FOLDER]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda t: t.clear(), "expected JSON with spec, seed and track"),
        (lambda t: t.update(seed=4), "its seed is another one"),
        (lambda t: t.update(spec="tgan+ode2"), "belong in the folder test-64/tgan\\+ode2"),
        (lambda t: t["track"].update(name="other"), "belong in the folder other/tgan\\+ode1"),
    ],
)
def test_a_file_that_is_not_the_record_of_its_place_is_not_deleted(root: Path, change: object, reason: str) -> None:
    path = root / FOLDER / "seed-3.json"
    spoil(path, change)  # type: ignore[arg-type]
    with pytest.raises(RequestError, match=reason):
        withdraw(path, "reason")
    path.write_text("[" * 100_000)
    with pytest.raises(RequestError, match="expected JSON with"):
        withdraw(path, "reason")
    assert [p.name for p in path.parent.glob("seed-3*")] == ["seed-3.json"]


def test_a_record_with_a_fault_can_be_withdrawn(root: Path) -> None:
    path = root / FOLDER / "seed-3.json"
    spoil(path, lambda t: t["scores"]["fid"].update(mean=1.0))
    assert withdraw(path, "edited by hand").exists()
    assert not path.exists()


def test_the_attestation_of_a_withdrawn_record_goes_too(root: Path) -> None:
    attested = root / FOLDER / "seed-3.attested.json"
    attested.write_text("{}")
    withdraw(root / FOLDER / "seed-3.json", "wrong data")
    assert not attested.exists()
    assert reasons(root) == {}


def test_the_first_reason_of_a_withdrawn_seed_stays(root: Path) -> None:
    path = root / FOLDER / "seed-3.json"
    content = path.read_bytes()
    target = withdraw(path, "first reason")
    path.write_bytes(content)
    assert withdraw(path, "first reason, again after a kill") == target
    kept = target.read_bytes()
    path.write_bytes(content + b"\n")
    with pytest.raises(RequestError, match="is the note of another withdrawn record"):
        withdraw(path, "second reason")
    assert (target.read_bytes(), path.exists()) == (kept, True)
