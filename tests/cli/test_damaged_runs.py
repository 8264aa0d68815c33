"""Run folders that were damaged or edited: one sentence that names the file, exit code 1, and nothing of the folder changes."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.kit.command import Command
from tests.kit.workplace import make_workplace

RUN = "runs/tiny/tgan+conv1d/seed-0"
HERE = ["--track", "tiny.toml", "--data", "data/videos", "--splits", "data/splits", "--device", "cpu"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A workplace with a run that was killed right before it wrote its record."""
    root = tmp_path_factory.mktemp("damaged")
    make_workplace(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(root / "cache"))
        patch.setenv("XDG_DATA_HOME", str(root / "share"))
        patch.setenv("COLUMNS", "200")
        patch.chdir(root)
        patch.setattr("sys.argv", ["vidgen-bench", "run", "tgan", *HERE])
        from vidgen_bench.cli.main import main

        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0
        (root / RUN / "record.json").rename(root / "record.json")
        shutil.copytree(root / RUN, root / "good")
        yield root


@pytest.fixture
def command(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    shutil.rmtree(place / RUN)
    shutil.copytree(place / "good", place / RUN)
    return Command(place, monkeypatch, capsys)


def request(**changes: Any) -> Callable[[Path], None]:
    def change(run: Path) -> None:
        table = json.loads((run / "request.json").read_text())
        table["environment"] |= changes
        (run / "request.json").write_text(json.dumps(table))

    return change


def last(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def changed(run: Path) -> None:
        content = torch.load(run / "last.pt", weights_only=True)
        change(content)
        torch.save(content, run / "last.pt")

    return changed


def best(run: Path) -> Path:
    (path,) = run.glob("best-*.pt")
    return path


def doubled(run: Path) -> None:
    """Put other weights into the best checkpoint, by a program that writes it correctly."""
    content = torch.load(best(run), weights_only=True)
    for value in content["parts"]["generator"].values():
        value.mul_(2)
    torch.save(content, best(run))


def flip(name: str, at: float) -> Callable[[Path], None]:
    """Flip one bit at this share of a file."""

    def change(run: Path) -> None:
        path = best(run) if name == "best" else run / name
        content = bytearray(path.read_bytes())
        content[int(at * len(content))] ^= 4
        path.write_bytes(content)

    return change


def optimiser(content: dict[str, Any]) -> dict[str, Any]:
    """Return the state of the first player's optimiser."""
    return next(iter(content["optimisers"].values()))


def moment(content: dict[str, Any], value: torch.Tensor | None) -> None:
    """Replace a moment of the first parameter, or remove it."""
    state = optimiser(content)["state"][0]
    name = next(key for key, tensor in state.items() if tensor.ndim)
    del state[name]
    state.update({} if value is None else {name: value})


def progress(key: str, value: object) -> Callable[[Path], None]:
    return last(lambda content: content["progress"].update({key: value}))


WRONG: dict[str, object] = {
    "iteration": -1,
    "clips": "3",
    "trace_bytes": 1.5,
    "ended": "yes",
    "flops": True,
    "best": {"file": "x"},
    "train_seconds": np.nan,
    "witness": 3,
    "unknown": 0,
}

DAMAGES: dict[str, tuple[str, Callable[[Path], object]]] = {
    **{f"threads {t}": ("request.json", request(threads=t)) for t in (0, -5, True, 1e30, 100_000, "2", None)},
    "a request without an environment": ("request.json", lambda run: (run / "request.json").write_text("{}")),
    "a bit of the trace": ("trace.jsonl", flip("trace.jsonl", 0.5)),
    "another digit in the trace": (
        "trace.jsonl",
        lambda run: (run / "trace.jsonl").write_text((run / "trace.jsonl").read_text().replace("5", "6", 1)),
    ),
    "no trace": ("trace.jsonl", lambda run: (run / "trace.jsonl").unlink()),
    "half a trace": ("trace.jsonl", lambda run: os.truncate(run / "trace.jsonl", 30)),
    **{f"last.pt without {key}": ("last.pt", last(lambda c, key=key: c.pop(key))) for key in ("parts", "optimisers", "losses", "progress")},
    **{f"progress without a valid {key}": ("last.pt", progress(key, value)) for key, value in WRONG.items()},
    "a best file elsewhere": ("last.pt", last(lambda c: c["progress"]["best"].update(file="../../../etc/passwd"))),
    "another best value": ("trace.jsonl", last(lambda c: c["progress"]["best"].update(value=0.125))),
    "an optimiser without moments": ("last.pt", last(lambda c: moment(c, None))),
    "an optimiser with other shapes": ("last.pt", last(lambda c: moment(c, torch.zeros(7)))),
    "a learning rate that is no number": ("last.pt", last(lambda c: optimiser(c)["param_groups"][0].update(lr="x"))),
    "a loss that is no number": ("last.pt", last(lambda c: c["losses"].update(a=torch.zeros(3)))),
    "an empty last.pt": ("last.pt", lambda run: (run / "last.pt").write_bytes(b"")),
    "half of last.pt": ("last.pt", lambda run: os.truncate(run / "last.pt", (run / "last.pt").stat().st_size // 2)),
    "a pickle of a function": ("last.pt", lambda run: (run / "last.pt").write_bytes(pickle.dumps(os.system))),
    "a function in the checkpoint": ("last.pt", last(lambda c: c.update(more=os.getcwd))),
    "a list in last.pt": ("last.pt", lambda run: torch.save([1], run / "last.pt")),
    "a bit of last.pt": ("last.pt", flip("last.pt", 0.5)),
    "a bit of the best checkpoint": ("best-", flip("best", 0.5)),
    "another best checkpoint": ("best-", doubled),
    "no best checkpoint": ("best-", lambda run: best(run).unlink()),
    "an empty best checkpoint": ("best-", lambda run: best(run).write_bytes(b"")),
    "a best checkpoint without parts": ("best-", lambda run: torch.save({"format": 1}, best(run))),
}  # fmt: skip


def results(folder: Path) -> dict[str, bytes]:
    """Return the files of a run, without its status, which says how this attempt ended."""
    files = (path for path in folder.iterdir() if path.suffix in (".json", ".pt") and path.name != "status.json")
    return {path.name: path.read_bytes() for path in files}


@pytest.mark.parametrize("name", DAMAGES)
def test_it_is_named_and_left_alone(command: Command, place: Path, name: str) -> None:
    file, damage = DAMAGES[name]
    damage(place / RUN)
    before = results(place / RUN)
    done = command("run", "tgan", *HERE)
    assert done.code == 1
    assert "internal error" not in done.err
    said = done.err[done.err.index("error: ") :]
    assert file in said
    assert any(fix in said for fix in ("start afresh", "Delete its run folder"))
    assert not any(advice in said for advice in ("weights_only", "allow_pickle", "safe_globals", "torch.serialization"))
    assert results(place / RUN) == before


def test_undamaged_it_finishes_with_the_same_record(command: Command, place: Path) -> None:
    assert command("run", "tgan", *HERE).code == 0
    one, other = (json.loads(path.read_text()) for path in (place / RUN / "record.json", place / "record.json"))
    assert {**one, "measured": None} == {**other, "measured": None}


def test_files_of_an_earlier_version_are_continued(command: Command, place: Path) -> None:
    def earlier(content: dict[str, Any]) -> None:
        content["progress"].pop("trace_sha256", None)
        content["progress"]["best"].pop("sha256", None)

    last(earlier)(place / RUN)
    assert command("run", "tgan", *HERE).code == 0


@pytest.mark.parametrize("threads", ["0", "-5", "100000", "1000000000000000000000000000000"])
def test_a_number_of_threads_that_no_machine_has_is_refused(command: Command, threads: str) -> None:
    done = command("run", "tgan", *HERE, "--threads", threads)
    assert done.code == 2
    assert "'--threads'" in done.err
    assert "equal to 1" in done.err


def test_a_finished_run_is_scored_again_only_from_the_checkpoint_of_its_record(command: Command, place: Path) -> None:
    shutil.copy(place / "record.json", place / RUN / "record.json")
    doubled(place / RUN)
    data = ["--data", "data/videos", "--splits", "data/splits", "--device", "cpu"]
    done = command("evaluate", RUN, *data, "--samples", "8")
    assert done.code == 1
    assert "is not the one that the record of" in done.err
    assert not (place / RUN / "evaluations").exists()


@pytest.mark.parametrize("finished", [True, False])
def test_other_weights_are_not_sampled_as_the_best(command: Command, place: Path, finished: bool) -> None:
    if finished:
        shutil.copy(place / "record.json", place / RUN / "record.json")
    doubled(place / RUN)
    done = command("sample", RUN, "--count", "1", "--out", "clip.gif", "--device", "cpu")
    assert done.code == 1
    assert "is not the " in done.err
    assert not (place / "clip.gif").exists()
