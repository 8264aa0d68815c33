"""``vidgen-bench reference``: statistics of real clips, computed in advance, kept by content, and shown."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.kit.command import Command
from tests.kit.measuring import ENTRY, PARTS, measured
from tests.kit.workplace import RESIZED, Workplace, make_workplace
from vidgen_bench.measure.reference.moments import load_moments, save_moments

DATA = ["--data", "data/videos", "--splits", "data/splits", "--device", "cpu"]

MEASURING = {"entry": ENTRY, "PYTHONPATH": str(Path(__file__).parents[2])}

WIDE = RESIZED.replace("resize = [64, 64]\ncrop = [0, 0, 64, 64]", "resize = [64, 80]\ncrop = [0, 8, 64, 64]")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """A workplace whose videos are decoded once."""
    made = make_workplace(tmp_path_factory.mktemp("reference"))
    (made.root / "tiny.toml").write_text(
        RESIZED.replace("also = []\nextra = []", 'extra = ["kid"]')
    )  # which needs single clips
    return made


@pytest.fixture
def command(place: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.setenv("XDG_CACHE_HOME", str(place.root / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(place.root / "share"))
    shutil.rmtree(kept(place), ignore_errors=True)
    shutil.rmtree(kept(place).with_name("anchors"), ignore_errors=True)
    (place.root / "wide.toml").write_text(WIDE.replace('"tiny"', '"wide"'))
    return Command(place.root, monkeypatch, capsys)


def kept(place: Workplace) -> Path:
    return place.root / "cache" / "vidgen-bench" / "reference"


def test_build_says_what_it_computed_and_that_it_was_there(command: Command, place: Workplace) -> None:
    done = command("reference", "build", "--track", "tiny.toml", *DATA)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    folder = next(kept(place).iterdir())
    assert lines[0] == f"c3d-tgan  real {folder.name[:24]}"
    assert lines[1].startswith("  id      c3d-tgan-v1 n=4 c3d-shapes float32 #")
    assert lines[2] == f"  folder  {folder}"
    rows = [line.split() for line in lines[4:-1]]
    assert rows[0][:4] == ["fc7", "moments", "8", "256"]
    assert rows[0][-2:] == ["computed", "fc7-moments.npz"]
    assert rows[1] == ["fc7", "features", "4", "256", "computed", "fc7-features-4.npy"]
    (anchors,) = (place.root / "cache" / "vidgen-bench" / "anchors").glob("*.json")
    assert lines[-1] == f"  anchors  computed  {anchors}"
    assert "skipped fvd-2048-16f: The instrument 'i3d-kinetics400' has no weights" in done.err
    again = command("reference", "build", "--track", "tiny.toml", *DATA)
    assert again.out.split() == done.out.replace("computed", "from cache").split()


def test_json_has_the_numbers(command: Command, place: Workplace) -> None:
    done = command("reference", "build", "--track", "tiny.toml", *DATA, "--json")
    (table,) = json.loads(done.out)
    moments, features = table["statistics"]
    import numpy as np

    with np.load(Path(table["folder"]) / moments["file"]) as file:
        assert moments["mean_norm"] == pytest.approx(float(np.linalg.norm(file["mean"])))
        assert moments["covariance_trace"] == pytest.approx(float(np.trace(file["covariance"])))
        assert moments["clips"] == int(file["count"]) == 8
    assert (features["kind"], features["clips"], features["was_there"]) == ("features", 4, False)
    assert table["anchors"]["batches"] == 2
    assert set(table["anchors"]["scores"]) == {"real", "grey", "noise"}


@pytest.mark.slow
def test_it_prepares_all_that_a_run_needs_and_has_its_id(workplace: Workplace) -> None:
    """The run reads what was built: it decodes nothing, and measures no real clip."""
    built = workplace.call("reference", "build", "--track", "tiny.toml", *DATA, "--threads", "1", "--json", **MEASURING)
    (table,) = json.loads(built.stdout)
    assert [built.stderr.count(measured(part)) for part in PARTS] == [1, 1]
    assert "decoding" in built.stderr
    files = {path: path.stat().st_mtime_ns for path in (workplace.root / "cache").rglob("*") if path.is_file()}
    done = workplace.run("tgan+ode2", "--budget", "iterations=1", **MEASURING)
    assert done.returncode == 0, done.stderr
    assert [done.stderr.count(measured(part)) for part in PARTS] == [0, 0]
    assert "decoding" not in done.stdout + done.stderr
    assert {path: path.stat().st_mtime_ns for path in (workplace.root / "cache").rglob("*") if path.is_file()} == files
    (record,) = workplace.records().values()
    assert record["metrics"]["fid"]["protocol"] == table["id"]


def test_several_protocols_and_crops_that_move(command: Command, place: Workplace) -> None:
    asked = ["--protocol", "c3d-tganv2", "--protocol", "c3d-stylegan-v", "--protocol", "c3d-tganv2"]
    done = command("reference", "build", "--track", "wide.toml", *DATA, *asked, "--json")
    assert done.code == 0, done.err
    tables = json.loads(done.out)
    assert [t["protocol"] for t in tables] == ["c3d-tganv2", "c3d-stylegan-v"]
    assert "needs at least 10 samples; found 4" in tables[1]["anchors"]["refused"]
    assert "videos with every column" in done.err
    shown = json.loads(command("reference", "show", tables[0]["real"], "--json").out)
    contents = shown[0]["manifest"]["contents"]
    assert contents["augment"] == ["flip", "shift-x"]
    assert contents["wide"] not in (None, contents["data"])
    plain = json.loads(command("reference", "show", tables[1]["real"], "--json").out)[0]["manifest"]["contents"]
    assert (plain["augment"], plain["wide"]) == ([], None)


def test_a_track_that_takes_every_column_is_not_shifted_and_its_id_says_so(command: Command) -> None:
    done = command("reference", "build", "--track", "tiny.toml", *DATA, "--protocol", "c3d-tganv2", "--json")
    (table,) = json.loads(done.out)
    (shown,) = json.loads(command("reference", "show", table["real"][:6], "--json").out)
    assert shown["manifest"]["contents"]["augment"] == ["flip"]
    assert "every column" not in done.err


def test_show_tells_everything_and_what_is_damaged(command: Command, place: Workplace) -> None:
    empty = command("reference", "show")
    assert (empty.code, json.loads(command("reference", "show", "--json").out)) == (0, [])
    assert "There are no reference statistics in " in empty.out
    command("reference", "build", "--track", "tiny.toml", *DATA)
    page = command("reference", "show")
    folder = next(kept(place).iterdir())
    text = " ".join(page.out.split())
    for part in (
        f"{folder.name[:24]} ",
        "instrument c3d-shapes, sha256 ",
        "preprocessing tgan",
        "moments of 2 passes over 4 videos, 16 frames each, fresh offsets, seed 0",
        "augment nothing",
        "precision float32",
        "on cpu",
        "made for c3d-tgan",
        "fc7 moments 8 clips, fc7-moments.npz",
        f"folder {folder}",
    ):
        assert part in text
    shutil.copytree(folder, kept(place) / "00ff-unfinished")
    (kept(place) / "00ff-unfinished" / "manifest.json").unlink()
    (kept(place) / "stray.txt").write_text("")
    (folder / "manifest.json").write_text('{"contents": 3}')
    page = command("reference", "show")
    assert page.code == 0
    assert "00ff-unfinished has no manifest.json" in page.out
    assert "manifest.json is damaged or from another version." in page.out
    faults = [t["fault"] for t in json.loads(command("reference", "show", "--json").out)]
    assert len(faults) == 2
    assert all(faults)
    repaired = command("reference", "build", "--track", "tiny.toml", *DATA)
    assert "from cache" in repaired.out
    assert command("reference", "show", folder.name[:5]).out.startswith(f"{folder.name[:24]}  ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "zz"], "There are no reference statistics with a hash that starts with 'zz'. The cache is empty."),
        (["build", "--track", "tiny.tml"], "There is no track named 'tiny.tml'."),
        (["build", "--protocol", "c3d-tgam"], "There is no protocol named 'c3d-tgam'. Did you mean 'c3d-tgan'?"),
        (["build", "--protocol", "fvd-2048-16f"], "'i3d-kinetics400' has no weights"),
        (["build", "--track", "tiny.toml"], "--data"),
        (["build", "--track", "tiny.toml", "--data", "absent", "--splits", "data/splits"], "absent"),
        (["build", "--track", "tiny.toml", *DATA[:-1], "gpu"], "gpu"),
    ],
    ids=lambda value: " ".join(value[:4]) if isinstance(value, list) else "",
)
def test_mistakes_exit_with_2(command: Command, arguments: list[str], words: str) -> None:
    done = command("reference", *arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_a_damaged_file_is_named_and_computed_again(command: Command, place: Workplace) -> None:
    command("reference", "build", "--track", "tiny.toml", *DATA)
    folder = next(kept(place).iterdir())
    (folder / "fc7-moments.npz").write_bytes(b"PK")
    done = command("reference", "build", "--track", "tiny.toml", *DATA)
    assert done.code == 0
    assert "fc7-moments.npz has changed since it was written" in done.err
    assert "computed" in done.out
    assert "from cache" in command("reference", "build", "--track", "tiny.toml", *DATA).out


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_stopped_in_the_midst_nothing_counts(command: Command, place: Workplace, number: int, code: int) -> None:
    """The instrument is made slow, so that the signal comes while clips are measured."""
    start = (
        # a shell's background job ignores Ctrl-C, and so would what it starts
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "import time, vidgen_bench.measure.reference.statistics as r; told = r.counted\n"
        "def slow(*a):\n"
        "    for b in told(*a):\n"
        "        print('measuring', flush=True); time.sleep(2); yield b\n"
        "r.counted = slow\n"
        "from vidgen_bench.cli.main import main; main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", start, "reference", "build", "--track", "tiny.toml", *DATA],
        cwd=place.root,
        env=place.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "measuring\n"
    time.sleep(0.2)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in err
    assert not list(kept(place).glob("*/*"))
    assert "computed" in command("reference", "build", "--track", "tiny.toml", *DATA).out


def test_verify_compares_what_is_cached_with_what_is_computed_now(command: Command, place: Workplace) -> None:
    none = command("reference", "verify", "--track", "tiny.toml", *DATA)
    assert (none.code, none.out) == (2, "")
    assert "Neither the package nor the cache has statistics of these clips under c3d-tgan." in none.err
    command("reference", "build", "--track", "tiny.toml", *DATA)
    done = command("reference", "verify", "--track", "tiny.toml", *DATA)
    assert done.code == 0, done.err
    rows = [line.split() for line in done.out.splitlines()[2:]]
    assert [(*row[:3], row[-1]) for row in rows] == [
        ("fc7", "moments", "cache", "agrees"),
        ("fc7", "features", "cache", "agrees"),
        ("anchors", "cache", "0.0e+00", "agrees"),
    ]
    path = next(kept(place).iterdir()) / "fc7-moments.npz"
    moments = load_moments(path)
    moments.mean.mul_(1.001)
    save_moments(path, moments)
    wrong = command("reference", "verify", "--track", "tiny.toml", *DATA, "--json")
    assert wrong.code == 1
    assert "1 of these differ from what is computed now." in wrong.err
    assert [(c["what"], c["agrees"]) for c in json.loads(wrong.out)["c3d-tgan"]] == [
        ("fc7 moments", False),
        ("fc7 features", True),
        ("anchors", True),
    ]


@pytest.mark.slow
def test_the_built_in_videos_need_nothing_and_what_ships_is_computed_from_them(
    command: Command, place: Workplace
) -> None:
    """Runs on the built-in videos start from these files, so they are computed again here, from the videos to the scores of the anchors."""
    drawn = command("data", "prepare", "--json")
    facts = json.loads(drawn.out)
    assert (facts["train_videos"], facts["test_videos"], facts["frames"]) == (224, 96, 7680)
    assert "drawing the shapes videos: 320 of 320" in drawn.err
    size = sum(p.stat().st_size for p in (place.root / "cache").rglob("*.avi"))
    assert 4e6 < size < 12e6
    for track in ("shapes-smoke", "shapes-cpu"):
        done = command("reference", "verify", "--track", track, "--json")
        assert done.code == 0, done.err
        (found,) = json.loads(done.out).values()
        shipped = [c["what"] for c in found if c["place"] == "package"]
        assert shipped == ["fc7 moments", "fc7 features", "anchors"], (
            "run the commands in vidgen_bench/measure/shipped/README.md"
        )
        assert all(c["agrees"] for c in found)
