"""No iteration and no evaluation waits for the device: each runs on a device that has no numbers to read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.kit.fake_device import DEVICE, Unattended, Waits, use_as_a_gpu
from tests.kit.numbered_store import store_of
from tests.kit.pairs import HOST, small
from vidgen_bench.api import Clip, Feed
from vidgen_bench.compose import sampling
from vidgen_bench.compose.composition import compose
from vidgen_bench.compose.matrix import Cell, matrix
from vidgen_bench.compose.pixel_range import PixelRange
from vidgen_bench.config.protocol import load_protocol
from vidgen_bench.conformance.small import small_track
from vidgen_bench.data.geometry import FrameGeometry
from vidgen_bench.data.sampler import ClipSampler
from vidgen_bench.measure.feature_extractor import FeatureExtractor
from vidgen_bench.measure.resolved_protocol import resolve_protocol
from vidgen_bench.training import iteration
from vidgen_bench.training.captured_turn import WARM_UPS
from vidgen_bench.training.distributed import Process
from vidgen_bench.training.iteration import Iterations


def covering() -> list[Cell]:
    """Return every backbone with its own temporal generator, and every temporal generator once per rank of a latent.

    A backbone calls any temporal generator in the same way, and the check `quiet` tries the losses of all pairs.
    """
    found, seen = [], set[tuple[str, int]]()
    for backbone in sorted(HOST.of("backbone"), key=lambda b: b.declaration.small[0].frames):  # quick ones first
        _, _, latent = small(backbone.declaration)
        for cell in matrix(small_track(backbone), HOST):
            if cell.backbone == backbone.name and cell.reason is None:
                key = (cell.temporal or backbone.name, 0 if latent is None else len(latent.shape))
                if cell.own or key not in seen:
                    found.append(cell)
                seen.add(key)
    return found


CELLS = covering()

ITERATIONS = 2
"""Iterations of a backbone with its own temporal generator; with another one, the first."""

QUICK = ("tgan+conv1d", "vgan")
"""Pairs whose iterations take a second or two."""


def sampler_of(clip: Clip, folder: Path) -> ClipSampler:
    """Clips of a few videos on the fake device, with every column beside the track's crop."""
    crop = FrameGeometry(clip.size, clip.size + 16, "cubic", (0, 8, clip.size, clip.size))
    store, wide = (store_of(folder / str(g.width), geometry=g) for g in (crop, crop.whole_columns))
    return ClipSampler(store, "train", 0, DEVICE, wide)


each_pair = pytest.mark.parametrize(
    "cell",
    [pytest.param(c, id=c.spec, marks=() if c.spec in QUICK else pytest.mark.slow) for c in CELLS],
)


@each_pair
def test_no_iteration_waits(cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_as_a_gpu(monkeypatch)
    composition = compose(cell.spec, small_track(HOST.find("backbone", cell.backbone)), {}, HOST)
    clips = sampler_of(composition.clip, tmp_path)
    with DEVICE:
        game = composition.build(0)
    iterations = Iterations(game, 0, DEVICE, Process())
    iterations.place_optimisers()
    with Unattended():
        for number in range(ITERATIONS if cell.own or cell.temporal is None else 1):
            iterations.play(number, clips)
    assert iterations.losses.sums
    assert all(value.device == DEVICE for value in iterations.losses.sums.values())


class Immediate:
    """A graph that does the work when it is captured, and nothing when it is replayed."""

    replays = 0

    def warm_up(self, work: Callable[[], object]) -> object:
        return work()

    capture = warm_up

    def replay(self) -> None:
        self.replays += 1


def test_no_turn_with_a_graph_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_as_a_gpu(monkeypatch)
    made: list[Immediate] = []
    monkeypatch.setitem(iteration.GRAPHS, "meta", lambda device: made.append(Immediate()) or made[-1])
    composition = compose("vgan", small_track(HOST.find("backbone", "vgan")), {}, HOST)
    clips = sampler_of(composition.clip, tmp_path)
    with DEVICE:
        game = composition.build(0)
    iterations = Iterations(game, 0, DEVICE, Process())
    iterations.place_optimisers()
    iterations.capture(witness := [])
    with Unattended():
        for number in range(WARM_UPS + 2):
            iterations.play(number, clips)
    assert not witness
    assert [graph.replays for graph in made] == [2]


@each_pair
def test_only_the_first_and_the_last_part_of_an_evaluation_wait(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    checks: list[PixelRange] = []
    monkeypatch.setattr(PixelRange, "check", lambda pixels: checks.append(pixels))
    monkeypatch.setattr(sampling, "rows_at_once", lambda work, device: 40)
    composition = compose(cell.spec, small_track(HOST.find("backbone", cell.backbone)), {}, HOST)
    with DEVICE:
        game = composition.build(0)
    with Unattended():
        parts = list(sampling.samples(game, 0, "final", range(5, 165), composition.clip.grid, DEVICE))
    assert [len(part) for part in parts] == [40] * 4
    assert len(checks) == 2


@pytest.mark.parametrize("name", ["c3d-tgan", "c3d-tganv2"])
def test_no_features_wait(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use_as_a_gpu(monkeypatch)
    clip = Clip(16, 64, 8)
    resolved = resolve_protocol(load_protocol(name), "c3d-shapes", clip, HOST)
    extractor = FeatureExtractor(resolved, clip, DEVICE)
    with Unattended():
        parts = (torch.zeros(n, 3, 16, 64, 64, device=DEVICE) for n in (40, 40, 9))
        features = extractor.features(parts, resolved.metrics)
    assert {len(values) for values in features.values()} == {89}


ON = torch.ones(3, 4, device=DEVICE)

WAITING = {
    "a number is read": lambda: ON.sum().item(),
    "a condition": lambda: bool(ON.sum() > 0),
    "a list": lambda: ON.tolist(),
    "an array": lambda: ON.numpy(),
    "a copy to the host": lambda: ON.cpu(),
    "the places that are not zero": lambda: ON.nonzero(),
    "a mask": lambda: ON[ON > 0],
    "different values": lambda: ON.unique(),
    "one-hot codes": lambda: torch.nn.functional.one_hot(torch.zeros(3, dtype=torch.int64, device=DEVICE)),
    "a decomposition": lambda: torch.linalg.eigh(ON @ ON.T),
    "a tensor of a number": lambda: torch.tensor(3, device=DEVICE),
    "a tensor of a list": lambda: ON.new_tensor([1.0, 2.0]),
    "a copy from the host": lambda: torch.zeros(3).to(DEVICE),
    "a copy into a tensor": lambda: ON.copy_(torch.zeros(3, 4)),
    "an index on the host": lambda: ON[torch.tensor([0, 1])],
    "an index that is a list": lambda: ON[[0, 1]],
}


@pytest.mark.parametrize("what", WAITING)
def test_every_way_to_wait_is_seen(what: str) -> None:
    act: Callable[[], object] = WAITING[what]
    with Unattended(), pytest.raises((Waits, NotImplementedError, RuntimeError, TypeError)):
        act()


def test_what_does_not_wait_is_let_through() -> None:
    with Unattended():
        made = torch.where(ON > 0, ON * 2.0 + torch.tensor(3.0), 0.0)[1:, :2]
        made.fill_(4.0)
        made = made[torch.arange(1, device=DEVICE)].argsort(dim=-1, stable=True)
    assert made.device == DEVICE


def test_a_draw_of_crops_that_move_and_flip_does_not_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_as_a_gpu(monkeypatch)
    clips = sampler_of(Clip(frames=4, size=16, classes=3), tmp_path)
    with Unattended():
        batch = clips.batch("d", Feed(4, augment=("flip", "shift-x")), 70, 4)
    assert tuple(batch.clips.shape) == (4, 3, 4, 16, 16)
