"""Every accepted pair of the grid trains under the one trainer and is scored; every backbone does so with its own G_t three times."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path

import pytest
import torch

from tests.kit.data_files import write_tree
from tests.kit.pairs import slow_beyond_the_paper
from tests.kit.toy_protocol import toy_protocol
from vidgen_bench.api import Clip, Reference
from vidgen_bench.compose.composition import compose
from vidgen_bench.compose.matrix import Cell, matrix
from vidgen_bench.compose.sampling import samples
from vidgen_bench.config.budget import Budget
from vidgen_bench.conformance.small import small_track
from vidgen_bench.data.geometry import FrameGeometry
from vidgen_bench.data.prepare import prepare
from vidgen_bench.data.sampler import ClipSampler
from vidgen_bench.host.host import Host
from vidgen_bench.measure.evaluator import number
from vidgen_bench.measure.feature_extractor import FeatureExtractor
from vidgen_bench.measure.reference.moments import moments_of
from vidgen_bench.measure.scorer import Scorer
from vidgen_bench.system.interrupt import Interrupt
from vidgen_bench.system.observer import Observer
from vidgen_bench.training.distributed import Process
from vidgen_bench.training.trainer import Rule, Trainer

CPU = torch.device("cpu")
HOST = Host.of_environment()


def cells() -> list[Cell]:
    """The grid, each backbone at its reduced size."""
    return [c for f in HOST.of("backbone") for c in matrix(small_track(f), HOST) if c.backbone == f.name]


GRID = cells()
ACCEPTED = [c for c in GRID if c.reason is None]
OWN = [c for c in ACCEPTED if c.own or c.temporal is None]


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory):
    """Real clips of any shape: the same few videos, resized and decoded once for each."""
    root = tmp_path_factory.mktemp("videos")
    source = write_tree(root, classes=("Alpha", "Beta", "Gamma"), frames=34)

    @lru_cache
    def of(clip: Clip) -> ClipSampler:
        geometry = FrameGeometry(clip.size, clip.size + 16, "cubic", (0, 8, clip.size, clip.size))
        store = prepare(source, split=1, geometry=geometry, clip_frames=clip.frames, cache=root / "cache", workers=1)
        return ClipSampler(store, "train", 0, CPU)

    return of


def train(cell: Cell, iterations: int, videos, folder: Path) -> Trainer:
    composition = compose(cell.spec, small_track(HOST.find("backbone", cell.backbone)), {}, HOST)
    game, clip, clips = composition.build(0), composition.clip, videos(composition.clip)
    resolved = toy_protocol(clip=clip, frames=clip.frames)
    extractor = FeatureExtractor(resolved, clip, CPU)
    real = clips.evaluation("real", torch.arange(8), clip.frames).clips
    moments = moments_of(extractor.outputs(real, ["fc7"])["fc7"])
    scorer = Scorer(resolved.metrics, {"fc7": Reference(moments)})

    def scores(iteration: int) -> dict[str, float]:
        made = samples(game, 0, f"evaluate-{iteration}", range(4), clip.grid, CPU)
        return {
            c.plugin.name: number(score())
            for c, score in scorer(extractor.features(made, resolved.watched), resolved.watched)
        }

    trainer = Trainer(
        game,
        clips,
        Rule(Budget(iterations=iterations), 1, "fid", "lower"),
        scores,
        seed=0,
        folder=folder,
        device=CPU,
        process=Process(),
        observer=Observer(),
        interrupt=Interrupt(),
    )
    trainer.run()
    return trainer


def assert_trained(trainer: Trainer, iterations: int) -> None:
    progress = trainer.progress
    assert progress.iteration == iterations
    assert progress.ended
    assert not progress.diverged
    assert progress.best is not None
    assert math.isfinite(progress.best["value"])
    assert progress.flops > 0
    assert progress.witness == []  # nothing in any loss waits for the device


def test_the_grid_has_what_the_paper_measured_and_both_null_hypotheses() -> None:
    accepted = {c.spec for c in ACCEPTED}
    assert accepted >= {
        f"{b}+{t}" for b in ("tgan", "mocogan") for t in ("conv1d", "gru", "ode1", "ode2", "ode3", "sde")
    }
    assert accepted >= {f"tganv2+{t}" for t in ("convlstm", "convgru", "ode1", "ode2", "ode3", "sde")}
    assert accepted >= {f"{b}+{t}" for b in ("tgan", "mocogan", "tganv2") for t in ("constant", "iid")}
    assert "vgan" in accepted
    assert not {s for s in accepted if s.startswith("vgan+")}


@pytest.mark.parametrize("cell", OWN, ids=lambda c: c.spec)
def test_a_backbone_trains_with_its_own_temporal_generator(cell: Cell, videos, tmp_path: Path) -> None:
    trainer = train(cell, 3, videos, tmp_path)
    assert_trained(trainer, 3)
    assert len((tmp_path / "trace.jsonl").read_text().splitlines()) == 3


@pytest.mark.parametrize(
    "cell", [pytest.param(c, id=c.spec, marks=slow_beyond_the_paper(c.spec)) for c in ACCEPTED if c not in OWN]
)
def test_every_accepted_pair_trains_and_is_scored(cell: Cell, videos, tmp_path: Path) -> None:
    assert_trained(train(cell, 1, videos, tmp_path), 1)
