"""``vidgen-bench sample`` and its page: every format is read back, every refusal has its reason."""

from __future__ import annotations

import re
import runpy
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image

import vidgen_bench
from tests.kit.command import Command
from tests.kit.run_folders import begun
from vidgen_bench.api import Clip
from vidgen_bench.cli.sample import _in_words, parse_factor
from vidgen_bench.experiments.pictures.grid import block, pixels
from vidgen_bench.experiments.sample.trained import instants
from vidgen_bench.host.host import Host

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "continuous-time.md").read_text()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs with the names that ``vidgen-bench run`` gives them."""
    base = tmp_path_factory.mktemp("runs")
    for spec in ("tgan+ode2", "tganv2+ode2", "tgan+conv1d", "tgan+gru", "tgan+sde"):
        begun(base / "runs" / "shapes-smoke" / spec / "seed-0", spec)
    return base


@pytest.fixture
def command(runs, monkeypatch, capsys) -> Command:
    return Command(runs, monkeypatch, capsys)


def run_of(spec: str) -> str:
    return f"runs/shapes-smoke/{spec}/seed-0"


def film(path: Path) -> tuple[list[np.ndarray], float]:
    """Return the frames of a film and its length in seconds."""
    if path.suffix == ".mp4":
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            frames = [f.to_ndarray(format="rgb24") for f in container.decode(stream)]
            return frames, float(stream.duration * stream.time_base)
    frames, lasting = [], 0
    with Image.open(path) as image:
        for i in range(image.n_frames):
            image.seek(i)
            frames.append(np.asarray(image.convert("RGB")))
            lasting += image.info["duration"]
    return frames, lasting / 1000


@cache
def blocks_of_three(run: Path, **asked: int) -> list[np.ndarray]:
    """Return the frames of a film of three clips, enlarged twice."""
    made = pixels(vidgen_bench.load(run, device="cpu").sample(3, **asked))
    return [block(made[:, t]).repeat(2, axis=0).repeat(2, axis=1) for t in range(made.shape[1])]


@pytest.mark.parametrize(("layout", "tolerance"), [("gif", 8.0), ("webp", 4.0), ("mp4", 3.0)])
def test_a_film_shows_every_clip_at_its_speed(command, runs, layout, tolerance):
    run, asked = run_of("tganv2+ode2"), {"fps": 4, "rewind": 2, "extend": 3, "seed": 3}
    options = [word for key, value in asked.items() for word in (f"--{key}", str(value))]
    done = command("sample", run, "--count", "3", *options, "--format", layout, "--device", "cpu")
    assert (done.code, done.err) == (0, "")
    path = runs / run / f"sample-count3-fps4x-rewind2-extend3-seed3.{layout}"
    words = (
        f"wrote    {path.relative_to(runs)}\n",
        "rendering 3 clips of 81 frames: tganv2+ode2 at iteration 4, on cpu\n",
        "the 16 training frames, 2 intervals before them and 3 after them, 4 instants per interval: 81 from -0.133 to 1.200",
        "plays    2.53 s at 32 frames per second",
    )
    assert [word for word in words if word not in done.out] == []
    expected = blocks_of_three(runs / run, **asked)
    frames, seconds = film(path)
    assert len(frames) == len(expected) == 81
    assert abs(seconds - 81 / 32) < 0.006
    for here, there in zip(frames, expected, strict=True):
        assert here.shape == there.shape
        assert np.abs(here.astype(int) - there).mean() < tolerance


def test_a_strip_is_exact(command, runs):
    done = command("sample", run_of("tgan+ode2"), "--count", "2", "--out", "strip.png", "--device", "cpu")
    assert done.code == 0
    assert "plays" not in done.out
    page = np.asarray(Image.open(runs / "strip.png").convert("RGB"))
    made = pixels(vidgen_bench.load(runs / run_of("tgan+ode2"), device="cpu").sample(2))
    body = page[-8 - 2 * 64 : -8, 8:-8]
    assert np.array_equal(body, np.concatenate([np.concatenate(list(clip), axis=1) for clip in made], axis=0))


def test_a_strip_says_which_instants_it_shows(command):
    done = command("sample", run_of("tgan+ode2"), "--count", "1", "--fps", "4", "--out", "four.png", "--device", "cpu")
    assert "shows    31 of them, 0.5 training frame intervals apart; films and --separate show all" in done.out
    done = command("sample", run_of("tgan+ode2"), "--count", "1", "--out", "one.png", "--device", "cpu")
    assert "shows" not in done.out


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ((1, 0, 0), "the 16 training frames: 16 from"),
        ((4, 0, 0), "the 16 training frames, 4 instants per interval: "),
        ((1, 1, 0), "the 16 training frames and 1 interval before them: "),
        ((1, 0, 1), "the 16 training frames and 1 interval after them: "),
        ((2, 2, 1), "the 16 training frames, 2 intervals before them and 1 after them, 2 instants per interval: "),
        ((1.5, 0, 0), "the time span of the 16 training frames, 1.5 instants per interval: "),
        ((1.5, 3, 0), "the time span of the 16 training frames and 3 intervals before it, 1.5 instants per interval: "),
        ((1.0000001, 0, 0), "the time span of the 16 training frames, 1 instant per interval: "),
    ],
)
def test_the_instants_in_words(asked, words):
    fps, rewind, extend = asked
    times = instants(Clip(16, 64, 2), fps=fps, rewind=rewind, extend=extend)
    assert _in_words(times, 16, fps, rewind, extend).startswith(words)


def test_separate_films_and_frames(command, runs, tmp_path):
    run, made = run_of("tgan+ode2"), pixels(vidgen_bench.load(runs / run_of("tgan+ode2"), device="cpu").sample(2))
    assert command("sample", run, "--count", "2", "--separate", "--format", "mp4", "--device", "cpu").code == 0
    folder = runs / run / "sample-count2-seed0-mp4"
    assert sorted(p.name for p in folder.iterdir()) == ["clip-00000.mp4", "clip-00001.mp4"]
    assert [f.shape for f in film(folder / "clip-00001.mp4")[0]] == [(128, 128, 3)] * 16
    done = command(
        "sample", run, "--count", "2", "--separate", "--format", "png", "--out", tmp_path / "new", "--device", "cpu"
    )
    assert (done.code, f"wrote    {tmp_path / 'new'}/\n" in done.out) == (0, True)
    written = sorted((tmp_path / "new").rglob("*.png"))
    assert [str(p.relative_to(tmp_path / "new")) for p in written[15:17]] == [
        "clip-00000/frame-00015.png",
        "clip-00001/frame-00000.png",
    ]
    assert np.array_equal(np.stack([np.asarray(Image.open(p)) for p in written]), made.reshape(-1, 64, 64, 3))


def test_the_name_and_the_format_follow_the_options(command, runs):
    run = run_of("tgan+ode2")
    assert command("sample", run, "--device", "cpu", "--checkpoint", "last").code == 0
    frames, _ = film(runs / run / "sample-seed0-last.gif")
    assert len(frames) == 16
    assert frames[0].shape == (4 * 64 * 2, 4 * 64 * 2, 3)  # sixteen clips, four by four
    assert command("sample", run, "--device", "cpu", "--count", "1", "--out", "folder/of/one.WEBP").code == 0
    assert Image.open(runs / "folder/of/one.WEBP").format == "WEBP"


@pytest.mark.parametrize(("text", "factor"), [("4x", 4.0), ("4", 4.0), (" 1.5X ", 1.5), ("2.0x", 2.0)])
def test_a_factor_is_written_with_or_without_x(text, factor):
    assert parse_factor(text) == factor


@pytest.mark.parametrize(
    ("spec", "arguments", "words"),
    [
        (
            "tgan+conv1d",
            ["--fps", "4x"],
            "tgan+conv1d cannot sample between (--fps) the training frames: not supported by conv1d. It samples the training frames only.",
        ),
        ("tgan+conv1d", ["--extend", "1"], "cannot sample after (--extend)"),
        (
            "tgan+gru",
            ["--rewind", "1"],
            "tgan+gru cannot sample before (--rewind) the training frames: not supported by gru. It can sample after (--extend) them.",
        ),
        (
            "tgan+sde",
            ["--rewind", "8", "--fps", "2"],
            "tgan+sde cannot sample before (--rewind) the training frames: not supported by sde. "
            "It can sample between (--fps) or after (--extend) them.",
        ),
        ("tgan+ode2", ["--fps", "fast"], "--fps fast: expected a factor on the training frame rate, as in 4x or 1.5x"),
        ("tgan+ode2", ["--fps", "0.5x"], "fps=0.5: expected a factor on the training frame rate from 1 to 1000"),
        ("tgan+ode2", ["--class", "walk"], "is not class-conditional, so it has no class 'walk' to sample from"),
        ("tgan+ode2", ["--fps", "nan"], "fps=nan"),
        ("tgan+ode2", ["--rewind", "-1"], "Invalid value for '--rewind'"),
        ("tgan+ode2", ["--seed", "2147483648"], "Invalid value for '--seed'"),
        ("tgan+ode2", ["--count", "0"], "Invalid value for '--count'"),
        ("tgan+ode2", ["--count", "1000000"], "1,000,000 clips of 16 frames are 732.4 GiB"),
        ("tgan+ode2", ["--format", "avi"], "Invalid value for '--format'"),
        ("tgan+ode2", ["--fps", "8x"], "64 frames per second are too many for gif"),
        ("tgan+ode2", ["--count", "2000", "--format", "webp", "--extend", "1"], "12 clips at once"),
        ("tgan+ode2", ["--out", "runs"], "--out runs is a folder; name a file in it"),
        (
            "tgan+ode2",
            ["--out", "film.avi"],
            "--out film.avi: expected a file that ends in one of .gif, .mp4, .webp, .png",
        ),
        ("tgan+ode2", ["--out", "a.gif", "--format", "png"], "--out a.gif and --format png contradict each other"),
        ("tgan+ode2", ["--out", "taken", "--separate"], "--out taken is a file; --separate writes a folder"),
        ("tgan+ode2", ["--checkpoint", "worst"], "Invalid value for '--checkpoint'"),
        ("tgan+ode2", ["--device", "cuda:77"], "--device cuda:77"),
        ("tgan+ode9", [], "runs/shapes-smoke/tgan+ode9/seed-0 does not exist. Runs nearby: "),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(command, runs, monkeypatch, spec, arguments, words):
    (runs / "taken").write_bytes(b"")
    monkeypatch.setattr("vidgen_bench.experiments.sample.trained.samples", lambda *_: pytest.fail("it rendered"))
    before = set(runs.rglob("*"))
    if words == "12 clips at once":  # a block of the width that the format does not hold
        monkeypatch.setattr("vidgen_bench.experiments.pictures.grid._near_square", lambda count: (300, 7))
        words = "19200 x 448 pixels is too large for webp, which allows 16383 per side"
    done = command("sample", run_of(spec), *arguments)
    assert done.code == 2
    assert words in " ".join(re.sub("[│╭╮╰╯─]", "", done.err).split())
    assert "rendering" not in done.out
    assert set(runs.rglob("*")) == before


def test_a_folder_that_cannot_be_written_is_reported(command):
    done = command("sample", run_of("tgan+ode2"), "--count", "1", "--out", "taken/film.gif", "--device", "cpu")
    assert done.code == 1
    assert "taken/film.gif could not be written" in done.err


# ---------------------------------------------------------------------------------------------------------- the page
def blocks_of(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_commands_of_the_page_work(command):
    lines = [line.split("#")[0].split() for text in blocks_of("console") for line in text.splitlines()]
    lines = [words[2:] for words in lines if words[:3] == ["$", "vidgen-bench", "sample"]]
    done = [command(*words, "--device", "cpu", "--count", "2") for words in lines]  # the last count counts
    assert [d.code for d in done] == [0] * 5 + [2] * 2  # and two that are refused, below


def test_the_python_of_the_page_runs_and_its_shapes_are_true(runs, monkeypatch):
    monkeypatch.chdir(runs)
    (source,) = blocks_of("python")
    names: dict = {}
    exec(compile(source, "docs/continuous-time.md", "exec"), names)
    shapes = re.findall(r"^(\w+) = .*# \[([\d, ]+)\]", source, re.MULTILINE)
    assert len(shapes) >= 3
    for name, shape in shapes:
        assert tuple(names[name].shape) == tuple(int(n) for n in shape.split(",")), name
        assert isinstance(names[name], torch.Tensor)
        assert names[name].abs().max() <= 1


def test_the_page_says_who_can_what() -> None:
    found = {f.name: f.declaration.can for f in Host.of_environment().of("temporal")}
    rows = re.findall(r"^\| ((?:`\w+` ?)+) \| (yes|no) \| (yes|no) \| (yes|no) \|", PAGE, re.MULTILINE)
    said = {
        name: {a for a, word in zip(("between", "before", "after"), words, strict=True) if word == "yes"}
        for names, *words in rows
        for name in re.findall(r"`(\w+)`", names)
    }
    assert len(said) == 11
    assert {name: set(found[name]) for name in said} == said


def test_the_figure_is_drawn_from_a_run(runs, tmp_path, monkeypatch):
    script = ROOT / "docs" / "figures" / "continuous_time.py"
    drawn = []
    for name in ("a.png", "b.png"):
        monkeypatch.setattr(
            "sys.argv",
            [str(script), str(runs / run_of("tgan+ode2")), "--clips", "0", "1", "--out", str(tmp_path / name)],
        )
        runpy.run_path(str(script), run_name="__main__")
        drawn.append((tmp_path / name).read_bytes())
    assert drawn[0] == drawn[1]
    shipped = script.with_name("continuous-time.png")
    assert shipped.stat().st_size < 400_000
    assert Image.open(shipped).width == Image.open(tmp_path / "a.png").width > 1000


def test_the_refusals_of_the_page_are_those_that_one_meets(command):
    shown = [text.splitlines() for text in blocks_of("console") if "error: " in text]
    assert shown
    for line, *said in shown:
        done = command(*line.removeprefix("$ vidgen-bench ").split())
        assert done.code == 2
        assert " ".join(done.err.split()) == " ".join(" ".join(said).split())
