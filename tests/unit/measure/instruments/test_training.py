"""Training a small instrument: it learns two colours in a few steps, is seeded, and the file holds its accuracy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from vidgen_bench.api import Batch, Feed, TrainingRequest
from vidgen_bench.errors import RequestError, VidgenBenchError
from vidgen_bench.measure.instruments.c3d.altered import some_altered
from vidgen_bench.measure.instruments.c3d.self_test_report import class_mismatch
from vidgen_bench.measure.instruments.c3d.training import (
    augmented,
    channel_means,
    train_instrument,
    write_trained,
)
from vidgen_bench.measure.instruments.c3d.weights import read_instrument
from vidgen_bench.noise import key_of


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Use one thread: small tensors are slower on several."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Colours:
    """Six videos of noise, red (label 0) or blue (label 1); ``scale`` multiplies the clips, NaN to make training diverge."""

    def __init__(self, scale: float = 1.0, size: int = 8) -> None:
        self.scale, self.size = scale, size

    def batch(self, name: str, feed: Feed, position: int, rows: int) -> Batch:
        generator = torch.Generator().manual_seed(key_of(name, position))
        labels = torch.arange(rows) % 2
        clips = 0.2 * torch.randn(rows, 3, feed.frames, self.size, self.size, generator=generator)
        clips[range(rows), 2 * labels] += 0.6
        return Batch(clips * self.scale, labels)

    def passes(self, purpose: str, passes: int, frames: int, rows: int) -> Iterator[Batch]:
        for number in range(passes):
            yield self.batch(purpose, Feed(frames), number, 4)
            yield self.batch(purpose, Feed(frames), number + 1000, 2)


REQUEST = TrainingRequest(
    train=Colours(),
    held_out=Colours(),
    classes=("red", "blue"),
    steps=20,
    batch=2,
    learning_rate=4e-3,
    seed=3,
    held_out_clips=7,
    provenance={"command": "this", "data_set": "colours"},
)


def quiet(what: str, done: int, total: int) -> None:
    """Discard a progress report."""


def test_it_learns_and_the_file_holds_its_accuracy(tmp_path: Path) -> None:
    stages: list[tuple[str, int, int]] = []
    trained = train_instrument(REQUEST, lambda *stage: stages.append(stage), width=3, hidden=64)
    assert trained.clips == 12  # two passes of six: at least the seven requested
    assert trained.accuracy == 1.0
    assert [s[1:] for s in stages[:20]] == [(i + 1, 20) for i in range(20)]
    assert stages[-1] == ("measuring the accuracy", 12, 12)
    path = tmp_path / "i.safetensors"
    sha = write_trained(path, trained, REQUEST)
    file = read_instrument(path)
    assert file.sha256 == sha
    assert file.card.class_names == ("red", "blue")
    assert file.card.training == {
        "steps": 20, "batch": 2, "learning_rate": 4e-3, "seed": 3, "width": 3, "hidden": 64, "command": "this",
        "data_set": "colours", "held_out_accuracy": 1.0, "held_out_clips": 12, "threads": 1, "torch": torch.__version__,
    }  # fmt: skip
    batch = Colours().batch("fresh", Feed(16), 0, 8)
    assert torch.equal(file.build("tgan")(batch.clips)["prob"].argmax(dim=1), batch.labels)


def test_a_network_that_reads_clips_at_their_own_size(tmp_path: Path) -> None:
    clips = Colours(size=32)
    request = replace(REQUEST, train=clips, held_out=clips, steps=2, held_out_clips=1)
    trained = train_instrument(request, quiet, width=1, hidden=4, size=32)
    write_trained(tmp_path / "i.safetensors", trained, request)
    file = read_instrument(tmp_path / "i.safetensors")
    assert (file.card.size, file.weights["fc6.weight"].shape) == (32, (4, 8))
    named = file.build("native")(clips.batch("held-out", Feed(16), 0, 4).clips)["prob"].argmax(dim=1)
    assert int((named == torch.tensor([0, 1, 0, 1])).sum()) <= trained.correct  # 4 of the 6 clips of its measurement


def test_equal_seeds_give_equal_weights_and_leave_the_generator_alone() -> None:
    before = torch.random.get_rng_state()
    short = replace(REQUEST, steps=2, batch=4, held_out_clips=1)
    first, second = (train_instrument(short, quiet, width=1, hidden=4).weights for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert torch.equal(torch.random.get_rng_state(), before)
    third = train_instrument(replace(short, seed=4), quiet, width=1, hidden=4).weights
    assert not torch.equal(first["fc6.weight"], third["fc6.weight"])


def test_the_mean_is_bgr_pixels() -> None:
    assert channel_means(Colours()).tolist() == pytest.approx([128 + 0.3 * 128, 128, 128 + 0.3 * 128], abs=3.0)


def test_augmentation_keeps_motion_and_class() -> None:
    """A dot that moves right still does, at the same speed, from any shifted position."""
    clips = torch.zeros(6, 3, 16, 64, 64)
    for t in range(16):
        clips[:, :, t, 30:34, 20 + t : 24 + t] = 1.0
    out = augmented(clips, torch.Generator().manual_seed(0))
    assert out.shape == clips.shape
    bright = (out.mean(dim=1) - out.mean(dim=(1, 2, 3, 4)).view(-1, 1, 1, 1)).clamp(min=0.3) - 0.3
    columns = (bright.sum(dim=2) * torch.arange(64)).sum(dim=2) / bright.sum(dim=(2, 3))
    travelled = columns[:, -1] - columns[:, 0]
    assert travelled.tolist() == pytest.approx([15.0] * 6, abs=0.7)
    assert columns[:, 0].std() > 0.5  # but from different positions


def test_a_diverged_training_and_one_class_are_refused() -> None:
    with pytest.raises(VidgenBenchError, match="diverged at step 0") as caught:
        train_instrument(replace(REQUEST, train=Colours(float("nan"))), quiet)
    assert caught.value.exit_code == 1
    with pytest.raises(RequestError, match="the data set has 1"):
        train_instrument(replace(REQUEST, classes=("red",)), quiet)


def test_a_fifth_of_the_clips_is_shuffled_and_a_fifth_frozen() -> None:
    clips = torch.arange(16.0).expand(400, 3, 16)[..., None, None].clone()
    labels = torch.arange(400) % 2
    altered, named = some_altered(clips, labels, 2, torch.Generator().manual_seed(0))
    shuffled, frozen, rest = named == 2, named == 3, named < 2
    assert 55 <= int(shuffled.sum()) <= 105
    assert 55 <= int(frozen.sum()) <= 105
    assert torch.equal(named[rest], labels[rest])
    assert torch.equal(altered[rest], clips[rest])
    assert torch.equal(altered[shuffled].sort(dim=2).values, clips[shuffled])  # no frame is lost
    assert not any(torch.equal(one, clips[0]) for one in altered[shuffled])
    assert not altered[frozen].var(dim=2).any()
    assert len(altered[frozen][:, 0, 0].unique()) > 10
    assert torch.equal(altered[:, 0], altered[:, 2])  # the channels of a frame stay together
    again = some_altered(clips, labels, 2, torch.Generator().manual_seed(0))
    assert torch.equal(altered, again[0])


def test_a_network_that_sees_motion(tmp_path: Path) -> None:
    clips = Colours(size=32)
    request = replace(REQUEST, train=clips, held_out=clips, steps=2, batch=8, held_out_clips=1)
    trained = train_instrument(request, quiet, width=1, hidden=4, size=32, motion=True)
    path = tmp_path / "i.safetensors"
    write_trained(path, trained, request)
    file = read_instrument(path)
    assert file.card.class_names == ("red", "blue", "shuffled", "frozen")
    assert (file.card.classes, file.card.data_classes) == (4, 2)
    assert list(trained.recognised) == ["shuffled", "frozen"]
    assert file.card.training["held_out_frozen"] == round(trained.recognised["frozen"] / trained.clips, 6)
    assert class_mismatch(file.card, ("red", "blue")) == ""
    assert "2 classes, the data set 3" in class_mismatch(file.card, ("red", "blue", "green"))
    with pytest.raises(RequestError, match="a class named 'frozen'"):
        train_instrument(replace(request, classes=("red", "frozen")), quiet, motion=True)
