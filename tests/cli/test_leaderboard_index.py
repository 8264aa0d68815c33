"""``vidgen-bench leaderboard`` with its index prints what it prints without, and imports nothing that it does not need."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.kit.command import Command
from tests.kit.record_files import EXTERNAL, METRICS, SHORT, STAMP, record, stamps, write
from vidgen_bench.records.record import write_record

FORMATS = ("table", "json", "markdown", "csv", "latex", "report")

OTHER = STAMP.model_copy(update={"real": "f" * 24})


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Three tracks, complete and incomplete rows, diverged runs, external clips, copies, a further column, and faults."""
    folder = tmp_path / "runs"
    seeds = {
        spec: [
            record(spec, seed, scores={"is": [score + 0.1 * seed, score], "fid": [900 / score, 900 / score + seed]})
            for seed in range(5)
        ]
        for spec, score in (("tgan+ode1", 3.0), ("tgan", 3.05), ("mocogan", 9.0))
    }
    made = [r for rows in seeds.values() for r in rows]
    made += [record("tgan+ode2", 0, options={"temporal.order": (2, "given")}), record("tgan+ode2", 1, diverged=True)]
    made += [record("vgan", seed, diverged=seed < 2) for seed in range(5)]
    made += [record("clips", **EXTERNAL), record("tgan+sde", declared=SHORT, track="test-64~iterations=5")]
    metrics = METRICS | {"is": METRICS["is"] | {"protocol": OTHER.id}}
    made.append(
        record("tgan+conv1d", protocols={**record().model_dump()["protocols"], **stamps(OTHER)}, metrics=metrics)
    )
    paths = write(folder, *made)
    shutil.copytree(paths[0].parent, folder / "a copy")
    (folder / "bad").mkdir()
    (folder / "bad" / "record.json").write_text("{")
    newer = json.loads(paths[0].read_text()) | {"schema": 99}
    (folder / "newer").mkdir()
    (folder / "newer" / "record.json").write_text(json.dumps(newer))
    return folder


def shown(command: Command, cache: Path) -> list[tuple[int, str, str]]:
    command.monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    calls = [("leaderboard", "--format", layout, *extra) for layout in FORMATS for extra in ([], ["--extra"])]
    calls.append(("leaderboard", "--compare", "tgan", "tgan+ode1"))
    done = [command(*call) for call in calls]
    return [(d.code, d.out, d.err) for d in done]


def test_the_index_changes_no_output(command: Command, runs: Path, tmp_path: Path) -> None:
    def fresh(name: str) -> list[tuple[int, str, str]]:
        """Return the output of shows that each begin without an index."""
        (tmp_path / name).write_text("no folder can be made here")
        return shown(command, tmp_path / name)

    wanted = fresh("first")
    assert "diverged" in wanted[0][1]
    assert "external" in wanted[0][1]
    assert "is not valid JSON" in wanted[0][2]
    cache = tmp_path / "kept"
    assert shown(command, cache) == wanted
    assert list(cache.rglob("leaderboard.sqlite"))
    assert shown(command, cache) == wanted

    changed, deleted, *_ = sorted(runs.glob("*-tgan-*/record.json"))
    write_record(changed, record("tgan", 0, scores={"is": [7.0, 8.0], "fid": [1.0, 2.0]}))
    deleted.unlink()
    wanted, before = fresh("second"), wanted
    assert wanted != before
    assert shown(command, cache) == wanted
    assert shown(command, cache) == wanted


def test_a_file_of_the_same_size_and_time_is_not_read_again(command: Command, tmp_path: Path) -> None:
    """The only change that the index misses."""
    (path,) = write(tmp_path / "runs", record(seed=3))
    command("leaderboard")
    time = path.stat().st_mtime_ns
    path.write_text(path.read_text().replace('"seed": 3', '"seed": 4'))
    os.utime(path, ns=(time, time))
    assert '"seed": 3' in command("leaderboard", "--format", "json").out
    os.utime(path, ns=(time, time + 1))
    assert '"seed": 4' in command("leaderboard", "--format", "json").out


@pytest.mark.parametrize("layout", FORMATS)
def test_ten_records_need_no_numerics(command: Command, tmp_path: Path, layout: str) -> None:
    write(tmp_path / "runs", *(record(spec, seed) for spec in ("tgan", "tgan+ode1") for seed in range(5)))
    start = (
        "import atexit, sys\n"
        "heavy = {'torch', 'numpy', 'scipy'}\n"
        "atexit.register(lambda: print('imported', sorted(heavy & set(sys.modules)), file=sys.stderr))\n"
        "from vidgen_bench.cli.main import main; main()"
    )
    for _ in ("without an index", "with it"):
        done = command.spawn("leaderboard", "--format", layout, start=start)
        assert (done.code, done.err) == (0, "imported []\n")
        assert "tgan+ode1" in done.out.replace("\\", "")
