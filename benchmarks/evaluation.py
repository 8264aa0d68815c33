"""An end-to-end evaluation against a straightforward loop: clips/s per stage, share of the measured peak, and the ratio.

A CPU runs the slim C3D on 256 samples; a GPU the full-size C3D (with random weights) on 2,048, in every precision.
The straightforward loop writes the samples to disk, resizes each frame with OpenCV, computes probabilities and features in two
passes, and uses scipy's matrix square root.
"""

from __future__ import annotations

import dataclasses
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import scipy.linalg
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.peak import Peak
from benchmarks.tables import Table
from benchmarks.timing import alternate, ratio
from vidgen_bench.api import FeatureSet, Game, Reference
from vidgen_bench.compose.composition import compose
from vidgen_bench.compose.sampling import samples
from vidgen_bench.config.protocol import Precision
from vidgen_bench.config.track import load_track
from vidgen_bench.host.host import Host
from vidgen_bench.measure.evaluator import number
from vidgen_bench.measure.feature_extractor import FeatureExtractor
from vidgen_bench.measure.instruments.c3d.network import C3D, FRAMES, Layout
from vidgen_bench.measure.instruments.c3d.preprocessing import C3DInstrument
from vidgen_bench.measure.precision import instrument_context
from vidgen_bench.measure.reference.moments import moments_of
from vidgen_bench.measure.resolved_protocol import ResolvedProtocol
from vidgen_bench.measure.resolved_track import resolve_track
from vidgen_bench.measure.scorer import Scorer
from vidgen_bench.system.batch_size import CHUNK
from vidgen_bench.system.memory import keep_freed_memory
from vidgen_bench.system.precision import strictly

FULL = Layout(64, 4096, 101)
SAMPLES = {"cpu": 256, "cuda": 2048}
PRECISIONS: dict[str, tuple[Precision, ...]] = {"cpu": ("float32",), "cuda": ("float32", "tf32", "bf16")}
COMPARED = {"cpu": 3, "cuda": 1}
WHOLE, PLAIN = "all of it: generate to IS and FID", "The straightforward loop"


@dataclass(frozen=True)
class _Full:
    """The declaration of the full-size C3D with random weights, so that no published weights are needed."""

    declaration: object
    layers: tuple[str, ...] = ("prob", "fc7")

    def build(self, preprocessing: str) -> torch.nn.Module:
        torch.manual_seed(0)
        return C3DInstrument(C3D(FULL), torch.tensor([90.25, 97.66, 101.41]), preprocessing)


def tables(quick: bool) -> Iterator[Table]:
    """Yield a table per precision; the others also say how far the scores move from float32's."""
    keep_freed_memory()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    track, host = load_track("shapes-smoke"), Host.of_environment()
    count = SAMPLES[device.type] // (4 if quick else 1)
    # the track that measures with the protocol whose resize the straightforward loop repeats
    resolved = resolve_track(load_track("shapes-64"), host, changes={"samples": count}).main
    game = compose("tgan+ode2", track, {}, host).build(0)
    for part in game.parts.values():
        part.to(device)
    scores: dict[str, dict[str, float]] = {}
    for precision in PRECISIONS[device.type]:
        table, scores[precision] = _measured(resolved, precision, game, device)
        moved = {m: scores[precision][m] / scores["float32"][m] - 1 for m in ("is", "fid")}
        note = (
            ""
            if precision == "float32"
            else f" Against float32: {', '.join(f'{m} {s:+.2e}' for m, s in moved.items())}."
        )
        yield Table(table.title, table.columns, table.rows, table.note + note)


def _measured(
    resolved: ResolvedProtocol, precision: Precision, game: Game, device: torch.device
) -> tuple[Table, dict[str, float]]:
    """Return the times of every stage in one precision, and the scores."""
    n, grid = resolved.protocol.samples, load_track("shapes-smoke").clip.grid
    resolved = _in_precision(resolved, precision, full=device.type == "cuda")
    extractor = FeatureExtractor(resolved, load_track("shapes-smoke").clip, device)
    network = extractor.network
    stages = _Stages(device)

    def generated() -> Iterable[Tensor]:
        return samples(game, 0, "benchmark", range(n), grid, device)

    with (
        strictly(resolved.protocol.precision),
        torch.no_grad(),
        instrument_context(resolved.protocol.precision, device),
    ):
        clips = stages.time("generate", n, lambda: torch.cat(list(generated())))
        rows = [c.contiguous() for c in clips.split(extractor.rows)]
        prepared = stages.time("preprocess", n, lambda: [network.preprocessing(c) for c in rows])
        ready = [p.contiguous(memory_format=torch.channels_last_3d) for p in prepared]
        stages.time("C3D", n, lambda: [network.network(r) for r in ready])
    share = stages.rate("C3D") * _flops(network) / _peak(precision, device)
    real = extractor.features([clips + 0.05 * torch.randn_like(clips)], resolved.watched)["as-is", "fc7"].double()
    reference = {"fc7": Reference(moments_of(real), FeatureSet(real))}
    scorer = Scorer(resolved.metrics, reference)
    features = extractor.features(rows, resolved.watched)
    stages.time("IS and FID", n, lambda: [score() for _, score in scorer(features, resolved.watched)])
    plain = [c for c in resolved.metrics if c.extra and c.metric.view == "as-is"]
    stages.time("the extra scores", n, lambda: [score() for _, score in scorer(features, plain)])

    def whole() -> dict[str, float]:
        made = extractor.features(generated(), resolved.watched)
        return {c.plugin.name: number(score()) for c, score in scorer(made, resolved.watched)}

    ours = stages.time(WHOLE, n, whole)
    note = f"C3D runs at {share:.0%} of this device's measured peak of matrix products in {precision}."
    if precision == "float32":
        note += _compared(whole, lambda: _straightforward(generated, network, real.cpu().numpy()), ours, stages, device)
    name = f"{resolved.instrument_plugin.name}, {n} samples, {precision}, {extractor.rows} clips at once, {device.type}"
    rows = [(stage, 1e3 * seconds, stages.rate(stage)) for stage, seconds in stages.seconds.items()]
    return Table(f"Evaluation: {name}", ("stage", "ms", "clips/s"), rows, note), ours


def _compared(
    whole: Callable[[], object],
    plain: Callable[[], dict[str, float]],
    ours: dict[str, float],
    stages: _Stages,
    device: torch.device,
) -> str:
    """Time both ways to evaluate in turn, and return a sentence on their ratio and on the difference of their scores."""
    theirs: dict[str, float] = {}
    rounds = COMPARED[device.type]
    times = alternate({WHOLE: whole, PLAIN: lambda: theirs.update(plain())}, rounds, warm_up=0)
    stages.add(PLAIN, times[PLAIN].median)
    wall, processor = (ratio(getattr(times[PLAIN], c), getattr(times[WHOLE], c)) for c in ("wall", "processor"))
    return (
        " {} takes {:.1f} ({:.1f}–{:.1f}) x as long as ours".format(PLAIN, *wall)
        + f", {processor[0]:.1f} x by processor time, "
        f"in {rounds} rounds in turn; its IS is {theirs['is'] / ours['is'] - 1:+.1e}, its FID {theirs['fid'] / ours['fid'] - 1:+.1e} "
        "relative to ours."
    )


class _Stages:
    """Seconds per stage: the fastest of a few repetitions after a warm-up."""

    def __init__(self, device: torch.device) -> None:
        self._device, self._clips = device, {}
        self.seconds: dict[str, float] = {}

    def time(self, name: str, clips: int, work: Callable[[], object], repeat: int = 3) -> object:
        """Time the work and return its result."""
        taken, result = [], None
        for _ in range(repeat + (repeat > 1)):
            since = time.perf_counter()
            result = work()
            if self._device.type == "cuda":
                torch.cuda.synchronize(self._device)
            taken.append(time.perf_counter() - since)
        self.seconds[name], self._clips[name] = min(taken[-repeat:]), clips
        return result

    def add(self, name: str, seconds: float) -> None:
        """Add a stage that was timed elsewhere, on as many clips as the last one."""
        self.seconds[name], self._clips[name] = seconds, next(reversed(self._clips.values()))

    def rate(self, name: str) -> float:
        """Return clips per second."""
        return self._clips[name] / self.seconds[name]


def _in_precision(resolved: ResolvedProtocol, precision: Precision, full: bool) -> ResolvedProtocol:
    protocol = resolved.protocol.model_copy(update={"precision": precision})
    plugin = (
        dataclasses.replace(resolved.instrument_plugin, name="full C3D", declaration=_Full(None))
        if full
        else resolved.instrument_plugin
    )
    return dataclasses.replace(resolved, protocol=protocol, instrument_plugin=plugin)


def _flops(network: torch.nn.Module) -> float:
    """Return the floating-point operations of C3D on one clip."""
    device = next(network.parameters()).device
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network.network(torch.zeros(1, 3, FRAMES, 112, 112, device=device))
    return float(counter.get_total_flops())


def _peak(precision: Precision, device: torch.device) -> float:
    """Return the operations per second of a large matrix product, the best of a few."""
    peak = Peak(precision, device)
    for _ in range(5):
        peak.once()
    return peak.rate


@torch.no_grad()
def _straightforward(
    generated: Callable[[], Iterable[Tensor]], network: C3DInstrument, real: np.ndarray
) -> dict[str, float]:
    """Return IS and FID, computed stage by stage: files, OpenCV, two passes, ``scipy.linalg.sqrtm``."""
    c3d = network.network
    c3d.to(memory_format=torch.contiguous_format)
    device, offset = next(c3d.parameters()).device, network.preprocessing.offset.cpu().numpy()
    try:
        with tempfile.TemporaryDirectory() as folder:
            for i, clips in enumerate(generated()):
                np.save(Path(folder) / f"{i:05}.npy", clips.cpu().numpy())
            outputs: dict[str, list[np.ndarray]] = {"prob": [], "fc7": []}
            for layer, parts in outputs.items():
                for file in sorted(Path(folder).iterdir()):
                    for clips in np.array_split(np.load(file), max(1, CHUNK // 32)):
                        ready = torch.from_numpy(_by_opencv(clips, offset)).to(device)
                        parts.append(c3d(ready)[layer].float().cpu().numpy())
    finally:
        c3d.to(memory_format=torch.channels_last_3d)
    p, x = (np.concatenate(outputs[layer]).astype(np.float64) for layer in ("prob", "fc7"))
    score = np.exp((p * (np.log(p + 1e-7) - np.log(p.mean(axis=0) + 1e-7))).sum(axis=1).mean())
    c, r = np.cov(x.T), np.cov(real.T)
    gap = x.mean(axis=0) - real.mean(axis=0)
    distance = gap @ gap + np.trace(c) + np.trace(r) - 2 * np.trace(scipy.linalg.sqrtm(c @ r)).real
    return {"is": float(score), "fid": float(distance)}


def _by_opencv(clips: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Return clips [n, 3, T, H, W] as the input of C3D, resized frame by frame."""
    ready = np.empty((len(clips), 3, FRAMES, 112, 112), dtype=np.float32)
    for n, clip in enumerate(clips):
        for t in range(FRAMES):
            frame = cv2.resize(clip[:, t].transpose(1, 2, 0) * 128 + 128, (128, 128), interpolation=cv2.INTER_CUBIC)
            ready[n, :, t] = frame[8:120, 8:120, ::-1].transpose(2, 0, 1)
    return ready + (offset - 128)
