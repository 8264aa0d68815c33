"""The clips of a trained run: their instants and shapes; each clip depends only on its seed and number."""

from __future__ import annotations

import pytest
import torch

import vidgen_bench
from tests.kit.run_folders import begun
from vidgen_bench.api import Clip
from vidgen_bench.errors import RequestError, VidgenBenchError
from vidgen_bench.experiments.sample.trained import Trained, instants

CLIP = Clip(frames=16, size=64, classes=2)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A run whose clips differ visibly, unlike those after a few iterations."""
    return vidgen_bench.load(begun(tmp_path_factory.mktemp("begun") / "a", "tgan+ode2"), device="cpu")


def near(a: torch.Tensor, b: torch.Tensor) -> None:
    torch.testing.assert_close(a, b, atol=1e-5, rtol=0)


# ---------------------------------------------------------------------------------------------------------- the instants
@pytest.mark.parametrize("frames", [2, 7, 16, 32])
@pytest.mark.parametrize("fps", [1, 1.1, 1.5, 3, 4, 7.3, 10])
@pytest.mark.parametrize(("rewind", "extend"), [(0, 0), (5, 0), (0, 11), (8, 16)])
def test_the_instants_are_even_and_hold_the_very_floats_of_the_training_grid(frames, fps, rewind, extend):
    clip = Clip(frames, 64, 2)
    times = instants(clip, fps=fps, rewind=rewind, extend=extend)
    positions = torch.tensor(times, dtype=torch.float64) * (frames - 1)
    torch.testing.assert_close(
        positions.diff(), torch.full((len(times) - 1,), 1 / fps, dtype=torch.float64), atol=1e-9, rtol=0
    )
    assert -rewind - 1e-9 <= positions[0] < -rewind + 1 / fps - 1e-9
    assert frames - 1 + extend - 1 / fps + 1e-9 < positions[-1] <= frames - 1 + extend + 1e-9
    on_the_grid = {t for t in times if any(abs(t - u) < 1e-6 for u in clip.grid)}
    assert on_the_grid <= set(clip.grid)
    assert 0.0 in times
    if float(fps).is_integer():
        assert set(clip.grid) <= set(times)
        assert len(times) == (rewind + frames - 1 + extend) * fps + 1


def test_without_options_the_instants_are_the_grid():
    assert instants(CLIP) == CLIP.grid


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"fps": 0.5}, "fps=0.5: expected a factor"),
        ({"fps": float("nan")}, "fps=nan"),
        ({"fps": float("inf")}, "fps=inf"),
        ({"fps": -4}, "fps=-4"),
        ({"fps": "4x"}, "fps=4x"),
        ({"fps": None}, "fps=None"),
        ({"fps": 10**400}, "from 1 to 1000"),
        ({"rewind": -1}, "rewind=-1: expected a whole number from 0"),
        ({"extend": 2.5}, "extend=2.5: expected a whole number"),
        ({"extend": 2**31}, "extend=2147483648"),
        ({"fps": 100, "extend": 10_000}, r"1,001,501 frames is 45\.8 GiB; the limit is 256 MiB, here 5,461 frames"),
    ],
)
def test_instants_that_make_no_sense_are_refused(asked, words):
    with pytest.raises(RequestError, match=words):
        instants(CLIP, **asked)


# ------------------------------------------------------------------------------------------------------------- the clips
def test_shapes_and_range(trained):
    clips = trained.sample(3, fps=4, rewind=2, extend=1)
    assert (
        clips.shape
        == (3, 3, (2 + 15 + 1) * 4 + 1, 64, 64)
        == (3, 3, len(trained.times(fps=4, rewind=2, extend=1)), 64, 64)
    )
    assert (clips.dtype, clips.device.type) == (torch.float32, "cpu")
    assert clips.abs().max() <= 1
    assert not clips.requires_grad
    assert trained.sample(1, fps=1.5).shape == (1, 3, 23, 64, 64)


def test_a_clip_depends_on_its_seed_and_number_alone(trained):
    clips = trained.sample(36)  # more than are rendered at once
    assert torch.equal(trained.sample(2), trained.sample(2))
    near(trained.sample(2, start=7), clips[7:9])
    near(trained.sample(4, start=30), clips[30:34])
    near(trained.sample(1), clips[:1])
    near(trained.sample(2, fps=4, extend=20, start=34)[:, :, : 15 * 4 + 1 : 4], clips[34:])
    assert (clips[1:] - clips[:-1]).abs().amax((1, 2, 3, 4)).min() > 0.03
    assert (trained.sample(1, seed=1) - clips[:1]).abs().max() > 0.03


def test_sampling_leaves_every_weight_and_statistic_alone(trained):
    def states() -> dict:
        return {(p, k): v.clone() for p, part in trained.game.parts.items() for k, v in part.state_dict().items()}

    before = states()
    assert any("running_mean" in key for _, key in before)
    random = torch.get_rng_state()
    trained.sample(2, fps=2)
    assert all(torch.equal(before[key], value) for key, value in states().items())
    assert not any(m.training for part in trained.game.parts.values() for m in part.modules())
    assert torch.equal(random, torch.get_rng_state())


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"count": 0}, "count=0: expected a whole number from 1"),
        ({"count": "3"}, "count='3'"),
        ({"count": 2, "seed": -1}, "seed=-1"),
        ({"count": 2, "start": -1}, "start=-1"),
        (
            {"count": 1_000_000},
            r"1,000,000 clips of 16 frames are 732\.4 GiB; one call returns at most 2\.0 GiB, here 2,730 clips",
        ),
    ],
)
def test_calls_that_make_no_sense_are_refused(trained, asked, words):
    with pytest.raises(RequestError, match=words):
        trained.sample(**asked)


def test_what_a_pair_cannot_is_refused_before_any_work(trained, monkeypatch, tmp_path):
    still = vidgen_bench.load(begun(tmp_path / "a", "tgan+gru"), device="cpu")
    monkeypatch.setattr("vidgen_bench.experiments.sample.trained.samples", lambda *_: pytest.fail("it rendered"))
    with pytest.raises(
        RequestError, match=r"between \(--fps\) or before \(--rewind\).*: not supported by gru\. It can sample after"
    ):
        still.sample(1, fps=2, rewind=1)
    with pytest.raises(RequestError, match="cannot sample before"):
        still.times(rewind=1)


def raised(error: Exception):
    raise error


def test_too_little_memory_and_weights_that_are_not_finite_are_reported(trained, monkeypatch):
    def full(*_):
        raise torch.OutOfMemoryError("4 GiB")

    monkeypatch.setattr("vidgen_bench.experiments.sample.trained.samples", full)
    with pytest.raises(VidgenBenchError, match="too little memory for 32 frames at once"):
        trained.sample(2)
    for error in (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), MemoryError()):
        monkeypatch.setattr("vidgen_bench.experiments.sample.trained.samples", lambda *_, error=error: raised(error))
        with pytest.raises(VidgenBenchError, match=r"cpu has too little memory for 32 frames at once.*per clip\.$"):
            trained.sample(2)
    monkeypatch.setattr(
        "vidgen_bench.experiments.sample.trained.samples", lambda *_: raised(RuntimeError("a shape is wrong"))
    )
    with pytest.raises(RuntimeError, match="a shape is wrong"):
        trained.sample(2)
    monkeypatch.setattr(
        "vidgen_bench.experiments.sample.trained.samples", lambda *_: iter([torch.full((2, 3, 16, 64, 64), torch.nan)])
    )
    with pytest.raises(VidgenBenchError, match="non-finite pixels: training diverged"):
        trained.sample(2)
