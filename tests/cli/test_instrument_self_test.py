"""``vidgen-bench instrument test`` at the command line: the instrument that ships passes, spoiled copies fail with their cause."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from tests.kit.command import Command
from tests.kit.data_files import write_lists
from tests.kit.spoiled_files import colour_meter, spoiled
from tests.kit.workplace import RESIZED
from vidgen_bench.data.shapes.draw import CLASSES, draw_clip
from vidgen_bench.data.shapes.write import encode
from vidgen_bench.measure.instruments.c3d import SHAPES, SHAPES_64, path_of
from vidgen_bench.measure.instruments.c3d.network import Layout
from vidgen_bench.measure.instruments.c3d.normalised import NormalisedC3D
from vidgen_bench.measure.instruments.c3d.weights import Card, InstrumentFile, read_instrument, write_instrument

WORDS = ("--track", "few.toml", "--data", "data/videos", "--splits", "data/splits", "--device", "cpu")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the track, and one training and two held-out videos of each shape."""
    folder = tmp_path_factory.mktemp("shapes")
    train, test = [], []
    for label, name in enumerate(CLASSES):
        for group in (1, 11, 12):
            path = f"{name}/v_{name}_g{group:02d}_c01.avi"
            (folder / "data" / "videos" / name).mkdir(parents=True, exist_ok=True)
            (folder / "data" / "videos" / path).write_bytes(encode(draw_clip(label, group, 1)))
            (train if group == 1 else test).append(f"{path} {label + 1}" if group == 1 else path)
    write_lists(folder / "data" / "splits", list(CLASSES), train, test)
    (folder / "few.toml").write_text(RESIZED.replace("classes = 2", "classes = 8"))
    return folder


@pytest.fixture
def call(drawn: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """The command line in that folder; every test has its own instruments."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(drawn / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    return Command(drawn, monkeypatch, capsys)


def keep(name: str, file: InstrumentFile, card: Card | None = None) -> None:
    """Write an instrument into the instrument folder."""
    write_instrument(path_of(name), card or file.card, file.weights, file.mean)


def test_the_instrument_that_ships_passes(call: Command) -> None:
    done = call("instrument", "test", SHAPES, *WORDS)
    assert done.code == 0, done.err
    assert "c3d-shapes on 16 held-out clips, each from a different video" in done.out
    assert "as it is 16 100.0%" in " ".join(done.out.split())
    assert "These clips show no fault." in done.out
    printed = json.loads(call("instrument", "test", SHAPES, *WORDS, "--clips", "9", "--json").out)
    assert (printed["instrument"], printed["clips"], printed["passed"], printed["faults"]) == (SHAPES, 9, True, [])
    assert printed["outcomes"][0]["right"] == 9
    assert printed["sha256"] == read_instrument(path_of(SHAPES)).sha256


def test_the_instrument_that_reads_64_pixels_passes(call: Command) -> None:
    done = call("instrument", "test", SHAPES_64, *WORDS)
    assert done.code == 0, done.err
    assert "c3d-shapes-64 on 16 held-out clips, each from a different video" in done.out
    assert "These clips show no fault." in done.out


@pytest.mark.slow
def test_random_weights_are_at_chance(call: Command) -> None:
    layout = Layout(width=1, hidden=4, classes=8)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        weights = NormalisedC3D(layout).plain.state_dict()
    card = Card(width=1, hidden=4, classes=8, class_names=CLASSES)
    keep("random", InstrumentFile(card, weights, torch.tensor([69.0, 74.0, 74.0]), ""))
    done = call("instrument", "test", "random", *WORDS)
    assert done.code == 1
    assert "no more than chance (the commonest class has 12.5%)" in " ".join(done.err.split())
    assert "fc7 transposed" in done.out
    assert "show no fault" not in done.out


def test_with_other_classes_only_the_confidence_is_judged(call: Command) -> None:
    file = spoiled(colour_meter(), fc8_weight=0 * colour_meter().weights["fc8.weight"])
    keep("two", file)
    done = call("instrument", "test", "two", *WORDS, "--clips", "2")
    assert done.code == 1
    assert "Only its confidence is judged: the instrument has 2 classes, the data set 8." in " ".join(done.out.split())
    assert "hardly above the 0.500 of 2 equal probabilities" in " ".join(done.err.split())
    shipped = read_instrument(path_of(SHAPES))
    keep("renamed", shipped, shipped.card.model_copy(update={"class_names": tuple(c.upper() for c in CLASSES)}))
    printed = json.loads(call("instrument", "test", "renamed", *WORDS, "--clips", "2", "--json").out)
    assert printed["note"].startswith("the instrument's classes differ from the data set's ('DISCBOUNCE' instead")
    assert (printed["chance"], printed["outcomes"][0]["right"]) == (None, None)
    done = call("instrument", "test", "renamed", *WORDS, "--clips", "2")
    assert done.code == 0
    assert "It is in the expected range, which random weights may reach too" in " ".join(done.out.split())


def test_invalid_requests_are_refused(call: Command) -> None:
    for words, message in {
        ("c3d-ucf101", *WORDS): "no weights at",
        ("i3d-kinetics400", *WORDS): "The instrument 'i3d-kinetics400' declares no self-test.",
        ("c3d-shape", *WORDS): "Did you mean 'c3d-shapes'?",
        (SHAPES, "--track", "shapes-smok"): "Did you mean 'shapes-smoke'?",
        (SHAPES, *WORDS[:2], "--data", "absent", *WORDS[4:]): "absent",
        (SHAPES, *WORDS[:-1], "cpux"): "--device cpux",
        (SHAPES, *WORDS, "--clips", "1"): "All clips are of one class",
        (SHAPES, *WORDS, "--clips", "2"): "2 clips are too few",
        (SHAPES, *WORDS, "--clips", "3"): "Give more clips (--clips)",
    }.items():
        done = call("instrument", "test", *words)
        assert (done.code, done.out) == (2, ""), words
        assert message in " ".join(done.err.split())
