"""Submitted results are untrusted text: each spoiled file is listed with its reason, and none becomes a row."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kit.record_files import EXTERNAL, METRICS, STAMP, WATCHED, record, stamps
from tests.kit.submitted_results import attest, reasons, seeds_of, spoil, submitted
from vidgen_bench.config.track import load_track, track_fingerprint
from vidgen_bench.errors import RequestError
from vidgen_bench.leaderboard.published.sources import published_folder
from vidgen_bench.leaderboard.submissions.record_check import Refused, check_record
from vidgen_bench.leaderboard.submissions.report import render_report
from vidgen_bench.leaderboard.submissions.tombstone import withdraw
from vidgen_bench.leaderboard.submissions.verify import check_board, check_history, read_submissions

FOLDER = "test-64/tgan+ode1"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A valid result of one spec with all declared seeds."""
    submitted(tmp_path, *seeds_of())
    return tmp_path


def put(*keys: str | int, to: Any) -> Callable[[Any], None]:
    def change(table: Any) -> None:
        for key in keys[:-1]:
            table = table[key]
        table[keys[-1]] = to

    return change


def edit_track(table: Any) -> None:
    """Change the declaration and its fingerprint, as somebody who reads the code would."""
    table["track"]["declared"]["budget"] = {"iterations": "many"}
    table["track"]["fingerprint"] = track_fingerprint(table["track"]["declared"])


def without_fid(table: Any) -> None:
    """Leave out the metric that the track selects by, so that another one would rank the record."""
    for part in (table["metrics"], table["scores"], *table["anchors"].values()):
        part.pop("fid")


def one_batch(table: Any) -> None:
    """Keep the best of the final batches."""
    for name, best in (("is", max), ("fid", min)):
        value = best(table["scores"][name]["values"])
        table["scores"][name].update(values=[value], mean=value, std=0.0)


def fewer_samples(table: Any) -> None:
    """Score batches of 64 clips under a protocol that says so."""
    stamp = STAMP.model_copy(update={"protocol": {**STAMP.protocol, "samples": 64}})
    table["protocols"] |= stamps(stamp)
    for entry in table["metrics"].values():
        entry["protocol"] = stamp.id


def test_a_valid_result_has_no_fault(root: Path) -> None:
    found = read_submissions(root)
    assert found.faults == []
    assert sorted(found.records) == [f"{FOLDER}/seed-{n}.json" for n in range(5)]


SPOILED: dict[str, tuple[Callable[[Any], None], str]] = {
    "edited mean": (put("scores", "fid", "mean", to=1.0), "do not match the values"),
    "edited value": (put("scores", "is", "values", 0, to=9.0), "do not match the values"),
    "edited track": (put("track", "declared", "evaluation", "every", to=7), "fingerprint does not match its declaration"),
    "edited protocol": (put("metrics", "fid", "protocol", to="mine"), "missing from protocols"),
    "edited seed": (put("seed", to=4), "belongs at test-64/tgan+ode1/seed-4.json"),
    "another spec": (put("spec", to="tgan+ode2"), "belongs at test-64/tgan+ode2/seed-2.json"),
    "undeclared seed": (put("seed", to=7), "seed: 7 is not among the seeds that the track declares, 0 to 4"),
    "negative seed": (put("seed", to=-1), "seed: -1 is not among"),
    "NaN in an option": (put("options", "backbone.width", "value", to=float("nan")), "contains NaN"),
    "infinite score": (put("scores", "is", "mean", to=float("inf")), "contains Infinity"),
    "1e308": (put("spent", "flops", to=1e308), "spent.flops: a number beyond 1e+100"),
    "long name": (put("plugins", 1, "name", to="x" * 100_000), "has 100,000 characters; at most 2,000"),
    "long key": (put("options", "x" * 1000, to={"value": 1, "origin": "given"}), "a key has 1,000 characters"),
    "markup in a spec": (put("spec", to="tgan+<script>alert(1)</script>"), "spec: expected a spec such as"),
    "Markdown in a spec": (put("spec", to="tgan+ode1](http://x)"), "spec: expected a spec such as"),
    "path in a spec": (put("spec", to="../../x"), "spec: expected a spec such as"),
    "path in a track": (put("track", "name", to="../../etc"), "track.name: expected a track's name"),
    "the name of another folder": (put("track", "name", to="published"), "is not a valid track name"),
    "terminal escape in a name": (put("plugins", 0, "distribution", to="\x1b[31mred"), r"character '\x1b'"),
    "right-to-left mark": (put("data", "name", to="a\u202eb"), r"character '\u202e'"),
    "markup in a version": (put("plugins", 0, "version", to="<img src=x>"), "contains markup"),
    "markup in hardware": (put("measured", "hardware", to="`rm`"), "contains markup"),
    "markup in an option": (put("options", "backbone.width", "value", to="<b>"), "contains markup"),
    "markup in an anchor": (put("anchors", "<b>", to={}), "anchors: expected a name"),
    "an option of nothing": (put("options", "width", to={"value": 1, "origin": "given"}), "options: expected an option such as"),
    "newer schema": (put("schema", to=9), "has schema 9"),
    "earlier schema": (lambda t: t.update(schema=2) or t.pop("hashes"), "has no hashes"),
    "no hashes": (put("hashes", to=None), "has no hashes"),
    "unknown key": (put("note", to="hello"), "unknown key"),
    "external clips": (lambda t: t.update(json.loads(record(**EXTERNAL).text())), "external clips"),
    "deep nesting": (put("options", "backbone.width", "value", to=json.loads("[" * 60 + "]" * 60)), "deeper than 50"),
    "an extra ranking metric": (put("metrics", "fid", "extra", to=True), "is not an extra one"),
    "no valid track": (edit_track, "is not a valid track"),
    "without the metric that ranks": (without_fid, "has no score in the metric that ranks its track, fid"),
    "the best of four batches": (one_batch, "scores.is: 1 values; the track declares 4 batches"),
    "fewer samples": (fewer_samples, "was scored on 64 samples per batch; the track declares 256"),
    "no real anchor": (lambda t: t["anchors"]["real"].pop("fid"), "anchors: no fid of real"),
    "no anchors": (put("anchors", to={}), "anchors: no fid of real, grey, noise"),
    "another backbone": (put("plugins", 0, "name", to="vgan"), "needs the backbone tgan; listed is vgan"),
    "another temporal generator": (put("plugins", 1, "name", to="foo"), "needs the temporal ode1; listed is foo"),
    "no ranking metric": (lambda t: t["scores"].pop("fid"), "has no score in the metric that ranks its track, fid"),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_record_is_listed_and_is_not_a_row(root: Path, name: str) -> None:
    change, reason = SPOILED[name]
    path = f"{FOLDER}/seed-2.json"
    spoil(root / path, change)
    found = read_submissions(root)
    assert reason in reasons(root)[path]
    assert path not in found.records
    assert "seeds 2 are missing" in reasons(root)[FOLDER]
    assert all(text.isprintable() and len(text) < 500 for f in found.findings for text in (f.path, f.reason))


CONTENTS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is not valid JSON"),
    "no JSON": (b"import os; os.system('touch /tmp/x')", "is not valid JSON"),
    "pickle": (b"\x80\x04\x95", "is not UTF-8"),
    "list": (b"[]", "valid dictionary"),
    "deep": (b"[" * 100_000, "is nested deeper than 50 levels"),
    "2 MB": (b'{"spec": "' + b"x" * 2_000_000 + b'"}', "2,000,012 bytes; at most 200,000"),
    "a key twice": (b'{"schema": 3, "schema": 3}', "the key 'schema' twice"),
    "large exponent": (b'{"a": 1e999}', "a number beyond 1e+100"),
    "many digits": (b'{"a": ' + b"9" * 5_000 + b"}", "is not valid JSON"),
    "surrogate": (b'{"a": "\\ud800"}', r"character '\ud800'"),
    "line break": (b'{"a\\nb": 1}', r"character '\n'"),
}  # fmt: skip


@pytest.mark.parametrize("name", CONTENTS)
def test_a_file_of_nonsense_is_listed(root: Path, name: str) -> None:
    content, reason = CONTENTS[name]
    (root / FOLDER / "seed-2.json").write_bytes(content)
    assert reason in reasons(root)[f"{FOLDER}/seed-2.json"]


@pytest.mark.parametrize(
    "name",
    [
        "seed-02.json",
        "seed-1.json.exe",
        "record.json",
        "seed--1.json",
        "run.py",
        ".hidden",
        "seed-1.pt",
        "\x1b[31m.json",
    ],
)
def test_a_file_that_is_not_expected_is_listed(root: Path, name: str) -> None:
    (root / FOLDER / name).write_text("{}")
    (found,) = reasons(root).items()
    assert "is not expected here" in found[1]
    assert found[0].isprintable()


@pytest.mark.parametrize(
    "place", ["seed-0.json", "test-64/seed-0.json", "test-64/a/b/seed-0.json", "test-64/a/b/c/d/x"]
)
def test_a_file_at_another_depth_is_listed(root: Path, place: str) -> None:
    (root / place).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(root / FOLDER / "seed-0.json", root / place)
    assert "is not expected here" in " ".join(reasons(root).values())
    assert len(read_submissions(root).records) == 5


def test_links_are_not_followed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    shutil.copytree(root / FOLDER, outside / "tgan+ode1")
    (root / FOLDER / "seed-2.json").unlink()
    (root / FOLDER / "seed-2.json").symlink_to(outside / "tgan+ode1" / "seed-2.json")
    (root / "other").symlink_to(outside)
    (root / "README.md").symlink_to("/etc/passwd")
    found = reasons(root)
    for path in (f"{FOLDER}/seed-2.json", "other", "README.md"):
        assert "is a symbolic link" in found[path]
    assert len(read_submissions(root).records) == 4


STONE = {"schema": 1, "seed": 0, "reason": "mine", "date": "2026-01-01", "record": "a" * 64}


@pytest.mark.parametrize(
    "folder",
    [
        "errata.toml/tgan",
        "README.md/tgan",
        "readme.md/tgan",
        "Published/tgan",
        "t`![b](http:x.png)`/s",
        "t/s\n\n# Owned\n",
        "t/<b>",
        "T/s",
        os.fsdecode(b"\xff") + "/s",
        "t/" + os.fsdecode(b"\xff"),
        "published/a/b",
    ],
)
def test_a_folder_that_no_record_has_is_refused(root: Path, folder: str) -> None:
    (root / folder).mkdir(parents=True)
    (root / folder / "seed-0.withdrawn.json").write_text(json.dumps(STONE))
    (found,) = read_submissions(root).faults
    assert re.search("is not named as|is a folder with a reserved name|is not expected here", found.reason)
    assert found.path.isprintable()
    read_submissions(root).board().encode()
    assert read_submissions(root).withdrawn == {}


@pytest.mark.parametrize("name", ["errata.toml", "README.md", "readme.md"])
def test_a_reserved_name_is_not_a_track(tmp_path: Path, name: str) -> None:
    submitted(tmp_path, *seeds_of(track=name.lower()))
    (tmp_path / name.lower()).rename(tmp_path / name)
    assert "reserved name" in " ".join(reasons(tmp_path).values())
    with pytest.raises(Refused, match="is not a valid track name"):
        check_record(record(track=name.lower()).text().encode(), f"{name}/tgan+ode1/seed-0.json")


def test_published_has_toml_and_json_files_only(root: Path) -> None:
    shutil.copytree(published_folder(), root / "published")
    assert reasons(root) == {}
    (root / "published" / "x.py").write_text("")
    (root / "published" / "claims" / "link.toml").symlink_to("/etc/passwd")
    os.mkfifo(root / "published" / "pipe.toml")
    assert reasons(root) == {
        "published/x.py": "is not expected here: published results are .toml and .json files",
        "published/claims/link.toml": "is a symbolic link; copy the file instead",
        "published/pipe.toml": "is not a regular file",
    }


def test_a_pipe_is_not_read(root: Path) -> None:
    os.mkfifo(root / FOLDER / "seed-9.json")
    assert reasons(root) == {f"{FOLDER}/seed-9.json": "is not a regular file"}


def test_missing_seeds_name_the_command_that_runs_them(tmp_path: Path) -> None:
    width = {"backbone.width": (0.25, "given"), "temporal.layers": ((8, 8), "given")}
    submitted(tmp_path, *seeds_of(seeds=[0, 2], options=width, track="test-64~iterations=400"))
    ((folder, reason),) = reasons(tmp_path).items()
    assert folder == "test-64~iterations=400/tgan+ode1,backbone.width=0.25,temporal.layers=8,8"
    assert "the seeds 1, 3, 4 are missing" in reason
    assert reason.endswith(
        "vidgen-bench run tgan+ode1 --track test-64.toml --budget iterations=400 --set backbone.width=0.25 "
        "--set temporal.layers=8,8 --seeds 1,3,4"
    )


def test_a_diverged_seed_completes_a_result(tmp_path: Path) -> None:
    submitted(tmp_path, *seeds_of(seeds=[0, 1, 2, 3]), record(seed=4, diverged=True))
    assert reasons(tmp_path) == {}


def test_another_model_is_not_a_seed_of_the_row(root: Path) -> None:
    spoil(root / FOLDER / "seed-3.json", put("data", "fingerprint", to="v1:ffff"))
    spoil(root / FOLDER / "seed-4.json", put("options", "backbone.width", "value", to=0.5))
    found = reasons(root)
    assert "differs from seed-0.json in data" in found[f"{FOLDER}/seed-3.json"]
    assert "differs from seed-0.json in options" in found[f"{FOLDER}/seed-4.json"]


def test_a_copy_of_a_seed_is_found(root: Path) -> None:
    hashes = json.loads((root / FOLDER / "seed-0.json").read_text())["hashes"]
    spoil(root / FOLDER / "seed-1.json", put("hashes", to=hashes))
    assert "has the same checkpoint as test-64/tgan+ode1/seed-0.json" in reasons(root)[f"{FOLDER}/seed-1.json"]
    assert f"{FOLDER}/seed-1.json" not in read_submissions(root).records


def test_a_second_set_of_seeds_under_another_folder_is_found(root: Path) -> None:
    """An option that is said to be given, at the value that it has anyway, names another folder but the same row."""
    same = {"backbone.width": (1.0, "given"), "temporal.order": (1, "name")}
    records = [r.model_copy(update={"hashes": None}) for r in seeds_of(options=same)]
    for path, r in zip(submitted(root, *records), records, strict=True):
        spoil(path, lambda t, n=r.seed: t.update(hashes={"samples": f"{n:064}", "checkpoint": f"{n:064}"}))
    found = reasons(root)
    assert len(found) == 10
    assert all("of the same row as test-64/tgan+ode1" in reason for reason in found.values())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"track": "shapes-64"}, "the shipped track shapes-64 with this budget and precision is shapes-64"),
        ({"track": "ucf101-64-paper", "declared": load_track("ucf101-64-paper").declared, "ranked": False}, "ranked = True"),
    ],
)  # fmt: skip
def test_the_name_of_a_shipped_track_is_taken(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    (path,) = submitted(tmp_path, record(**change))
    assert reason in reasons(tmp_path)[str(path.relative_to(tmp_path))]


def test_fewer_seeds_than_a_shipped_track_declares(tmp_path: Path) -> None:
    (path,) = submitted(tmp_path, record(track="ucf101-64-paper", declared=load_track("ucf101-64-paper").declared))
    spoil(path, put("track", "seeds", to=2))
    assert "and 5 seeds; was the record edited by hand?" in reasons(tmp_path)[str(path.relative_to(tmp_path))]


def test_a_derived_track_of_a_shipped_one_is_accepted(tmp_path: Path) -> None:
    from vidgen_bench.config.budget import Budget

    track = load_track("ucf101-64-paper").derived(Budget(iterations=7))
    submitted(tmp_path, *seeds_of(track=track.name, declared=track.declared))
    assert not [r for r in reasons(tmp_path).values() if "track:" in r]


def test_the_page_must_be_the_generated_one(root: Path) -> None:
    found = read_submissions(root)
    assert "does not exist" in next(check_board(root, found)).reason
    (root / "README.md").write_text(found.board())
    assert list(check_board(root, found)) == []
    (root / "README.md").write_text(found.board() + "tgan+mine is best\n")
    assert "is not what the records give" in next(check_board(root, found)).reason


def test_the_page_is_the_same_wherever_the_folder_is(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "results"
    shutil.copytree(root, elsewhere)
    text = read_submissions(elsewhere).board()
    assert text == read_submissions(root).board()
    assert str(root) not in text
    assert "[test-64/tgan+ode1](<test-64/tgan+ode1>): seeds 0, 1, 2, 3, 4; self-reported" in text


def test_records_are_neither_changed_nor_removed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    before = tmp_path_factory.mktemp("before") / "results"
    shutil.copytree(root, before)
    assert list(check_history(read_submissions(before), read_submissions(root))) == []
    (root / FOLDER / "seed-0.json").unlink()
    submitted(root, *seeds_of(seeds=[1], better=0.5))
    found = {f.path: f.reason for f in check_history(read_submissions(before), read_submissions(root))}
    assert "was removed. Withdraw it instead" in found[f"{FOLDER}/seed-0.json"]
    assert "was changed" in found[f"{FOLDER}/seed-1.json"]


ERRATA = """
[[errata]]
versions = ["0.1.0"]
metric = "fid"
protocol = "*"
reason = "the covariance used the divisor n"
"""


def test_the_known_errors_are_those_of_the_folder(root: Path) -> None:
    assert "known error" not in read_submissions(root).board()
    (root / "errata.toml").write_text(ERRATA)
    found = read_submissions(root)
    assert found.faults == []
    assert "the covariance used the divisor n" in found.board()
    assert "the covariance used the divisor n" in render_report(found, [])


@pytest.mark.parametrize("content", [b"[[errata]", b"\xff\xfe", b"errata = 3", b"a = " + b"[" * 5_000, b"#" * 300_000])
def test_invalid_known_errors_are_a_fault(root: Path, content: bytes) -> None:
    (root / "errata.toml").write_bytes(content)
    ((path, reason),) = reasons(root).items()
    assert path == "errata.toml"
    assert reason.isprintable()


def test_a_link_as_the_whole_folder_is_not_followed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    link = tmp_path_factory.mktemp("change") / "leaderboards"
    link.symlink_to(root)
    with pytest.raises(RequestError, match="is a symbolic link"):
        read_submissions(link)


@pytest.fixture
def withdrawn(root: Path) -> Path:
    """A result with a picture, an attestation, and a withdrawn seed."""
    (root / FOLDER / "preview.jpg").write_bytes(b"\xff\xd8\xff1")
    withdraw(root / FOLDER / "seed-3.json", "wrong data")
    attest(root / FOLDER / "seed-1.json")
    assert reasons(root) == {}
    return root


HISTORIES: dict[str, tuple[Callable[[Path], object], str, str, str]] = {
    "a changed tombstone": (lambda f: spoil(f / "seed-3.withdrawn.json", put("reason", to="mine")),
        "seed-3.withdrawn.json", "fault", "was changed; a tombstone stays"),
    "a tombstone of nonsense": (lambda f: (f / "seed-3.withdrawn.json").write_text("{}"),
        "seed-3.withdrawn.json", "fault", "was changed; a tombstone stays"),
    "a removed tombstone": (lambda f: (f / "seed-3.withdrawn.json").unlink(),
        "seed-3.withdrawn.json", "fault", "was removed; a tombstone stays"),
    "a new tombstone": (lambda f: withdraw(f / "seed-2.json", "mine"), "seed-2.withdrawn.json", "look", "is new; does"),
    "a tombstone of nothing": (lambda f: (f / "seed-9.withdrawn.json").write_text(json.dumps(STONE | {"seed": 9})),
        "seed-9.withdrawn.json", "fault", "withdraws a record that was not there"),
    "a changed attestation": (lambda f: attest(f / "seed-1.json", environment="mine"),
        "seed-1.attested.json", "look", "was changed; maintainers"),
    "a removed attestation": (lambda f: (f / "seed-1.attested.json").unlink(),
        "seed-1.attested.json", "look", "was removed; maintainers"),
    "a new attestation": (lambda f: attest(f / "seed-2.json"), "seed-2.attested.json", "look", "is new; maintainers"),
    "a changed picture": (lambda f: (f / "preview.jpg").write_bytes(b"\xff\xd8\xff2"), "preview.jpg", "look", "was changed"),
    "a record edited by hand": (lambda f: spoil(f / "seed-0.json", put("scores", "fid", "mean", to=1.0)),
        "seed-0.json", "fault", "was changed. Results are not edited"),
    "a record that is too large": (lambda f: (f / "seed-0.json").write_text(" " * 300_000),
        "seed-0.json", "fault", "was changed. Results are not edited"),
}  # fmt: skip


@pytest.mark.parametrize("name", HISTORIES)
def test_what_was_there_stays(withdrawn: Path, tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    change, file, kind, reason = HISTORIES[name]
    before = read_submissions(withdrawn)
    assert list(check_history(before, before)) == []
    change(withdrawn / FOLDER)
    (found,) = check_history(before, read_submissions(withdrawn))
    assert (found.path, found.kind) == (f"{FOLDER}/{file}", kind)
    assert reason in found.reason


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="is not a folder"):
        read_submissions(tmp_path / "absent")


def test_a_shipped_track_under_another_name_is_refused(tmp_path: Path) -> None:
    """Tables are grouped by fingerprint, so the copy would join the table of the shipped track."""
    from vidgen_bench.config.budget import Budget

    paper, hour = load_track("ucf101-64-paper"), load_track("ucf101-64-1h")
    budget = Budget(iterations=7)
    tracks = {
        "mine": (paper, "ucf101-64-paper"),
        "mine-7": (paper.derived(budget), "ucf101-64-1h~iterations=7"),
        hour.derived(paper.budget).name: (paper, "ucf101-64-paper"),  # they differ in the budget only
    }
    for name, (track, shipped) in tracks.items():
        (path,) = submitted(tmp_path, record(track=name, declared=track.declared))
        found = reasons(tmp_path)[str(path.relative_to(tmp_path))]
        assert f"track: {name} has the fingerprint of the shipped track {shipped}" in found
        assert f"run the specs on {shipped}" in found


@pytest.mark.parametrize(("width", "accepted"), [(0.25, True), (0.5, False)])
def test_a_value_of_a_shipped_track_is_one_that_it_declares(tmp_path: Path, width: float, accepted: bool) -> None:
    """The origin ``track`` keeps an option out of the row's name, so it would hide a change."""
    declared = load_track("shapes-smoke").declared
    options = {"backbone.width": (width, "track"), "temporal.order": (1, "name")}
    native = {"name": "c3d-native", "preprocessing": "native"}
    final, watched = (
        s.model_copy(update={"protocol": s.protocol | native, "instrument": "c3d-shapes-64"}) for s in (STAMP, WATCHED)
    )
    changes: dict[str, Any] = {
        "protocols": stamps(final, watched),
        "watched": watched.id,
        "metrics": {name: metric | {"protocol": final.id} for name, metric in METRICS.items()},
        "spent": {"iterations": 250, "clips": 2000, "flops": 1e13},
        "trace": [{"iteration": 250, "losses": {"generator.adversarial": 0.3}, "scores": {"fid": 312.0}}],
        "best": {"iteration": 250, "metric": "fid", "value": 312.0},
    }
    made = record(track="shapes-smoke", ranked=False, declared=declared, options=options, **changes)
    (path,) = submitted(tmp_path, made)
    found = reasons(tmp_path).get(str(path.relative_to(tmp_path)), "")
    assert ("is not among the [defaults] of the track shapes-smoke" in found) is not accepted


def test_a_picture_needs_a_record_beside_it(root: Path) -> None:
    for folder in (FOLDER, "test-64/other"):
        (root / folder).mkdir(exist_ok=True)
        (root / folder / "preview.jpg").write_bytes(b"\xff\xd8\xff")
    assert reasons(root) == {"test-64/other/preview.jpg": "is a picture without a record; remove it"}


@pytest.mark.parametrize("name", ["nul", "con", "a."])
def test_a_name_that_windows_cannot_check_out_is_listed(root: Path, name: str) -> None:
    shutil.copytree(root / FOLDER, root / name / "tgan+ode1")
    found = reasons(root)
    assert all("that Windows cannot check out" in found[f"{name}/tgan+ode1/seed-{n}.json"] for n in range(5))


@pytest.mark.parametrize("name", ["COM1.x", "b "])
def test_a_folder_that_no_track_can_have_is_listed(root: Path, name: str) -> None:
    shutil.copytree(root / FOLDER, root / name / "tgan+ode1")
    found = {path: reason for path, reason in reasons(root).items() if path.startswith(name)}
    assert found
    assert not any(path.startswith(name) for path in read_submissions(root).records)


def test_a_track_that_windows_cannot_check_out_is_refused(tmp_path: Path) -> None:
    from vidgen_bench.leaderboard.submissions.record_check import Refused, check_record

    with pytest.raises(Refused, match="that Windows cannot check out"):
        check_record(record(track="nul").text().encode(), "nul/tgan+ode1/seed-0.json")
