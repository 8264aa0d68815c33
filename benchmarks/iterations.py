"""Milliseconds per training iteration of each model, beside the plain implementation: one model per process, in turn inside it.

``python -m benchmarks.iterations tgan+ode1 paper 8 fp32 3 5`` measures one model: size, batch (0: the track's), precision, rounds, and
iterations per round, a multiple of 5 so that every round has the same number of singular value clippings.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from benchmarks.cases import Case, cases
from benchmarks.peak import Peak
from benchmarks.plain.loader import Videos, batches_of
from benchmarks.plain.models import PLAIN
from benchmarks.plain.training import Plain
from benchmarks.tables import Table
from benchmarks.timing import Times, now, ratio, spread
from benchmarks.trainer import trained
from vidgen_bench.api import Game
from vidgen_bench.config.protocol import Precision
from vidgen_bench.config.track import load_track
from vidgen_bench.data.sampler import ClipSampler
from vidgen_bench.data.store import Store
from vidgen_bench.experiments.run.execute import shifting_players
from vidgen_bench.host.host import Host
from vidgen_bench.measure.resolved_track import VideoLocation, resolve_track
from vidgen_bench.system.memory import keep_freed_memory, peak_memory
from vidgen_bench.system.observer import Observer
from vidgen_bench.system.precision import strictly

COLUMNS = (
    "model", "size", "batch", "precision", "ms (range)", "processor ms", "GFLOP", "share of peak", "peak MiB",
    "plain ms (range)", "plain / ours (range)", "the same, processor time",
)  # fmt: skip
ROUNDS = {"cpu": (3, 5), "cuda": (5, 10)}
"""Rounds after the one that warms up, and iterations per round."""
PRECISIONS: dict[str, Precision] = {"fp32": "float32", "tf32": "tf32"}
TIMEOUT = {"cpu": 3600, "cuda": 120}
"""Seconds for one model, its process's start included."""
NOTE = (
    "One model per process, ours and plain in turn, loading of the clips included. GFLOP: matrix products and convolutions of one "
    "iteration. Share of peak: of the best matrix product in the same process. Peak memory: before plain begins."
)


def tables(quick: bool) -> Iterator[Table]:
    """Yield one table with a row per model; a model that fails has a row that says so."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    rounds, each = ROUNDS[device]
    rows = [_row(case, 2 if quick and device == "cpu" else rounds, each) for case in cases(device, quick)]
    yield Table(f"Training iterations on {device}, {torch.get_num_threads()} threads", COLUMNS, rows, NOTE)


def _row(case: Case, rounds: int, each: int) -> tuple[Any, ...]:
    """Measure a case in a process of its own, so that its peak memory is its own."""
    words = [case.spec, case.size, case.batch or 0, case.precision, rounds, each, torch.get_num_threads()]
    print(f"measuring {case.spec} at {case.size} size", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "benchmarks.iterations", *map(str, words)]
    limit = TIMEOUT["cuda" if torch.cuda.is_available() else "cpu"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return _failed(case, f"took more than {limit} s")
    if done.returncode:
        return _failed(case, (done.stderr.strip().splitlines() or ["no message"])[-1])
    return tuple(json.loads(done.stdout.splitlines()[-1]))


def _failed(case: Case, reason: str) -> tuple[Any, ...]:
    return (case.spec, case.size, case.batch, case.precision, f"failed: {reason[:200]}", *[None] * (len(COLUMNS) - 5))


def shapes(game: Game) -> tuple[Store, Store | None]:
    """Return the decoded videos of the built-in data set, and with every column if a player shifts its crop.

    They are drawn and decoded at the first call.
    """
    resolved, videos = resolve_track(load_track("shapes-smoke"), Host.of_environment()), VideoLocation(None, None)
    store = resolved.prepare(videos, Observer())
    return store, resolved.prepare_wide(videos, store, Observer()) if shifting_players(game) else None


class _Turns:
    """Called by the trainer every few iterations: it notes the time, lets plain take as many, and notes the time again."""

    def __init__(self, plain: Plain | None, peak: Peak, each: int, device: torch.device) -> None:
        self._plain, self.peak, self._each, self._device = plain, peak, each, device
        self.ours, self.theirs = Times(), Times()
        self.memory, self._since = 0, now()

    def __call__(self, losses: Mapping[str, float], iteration: int) -> None:
        self.ours.add(self._since, 1.0 / self._each)
        if iteration != self._each * len(self.ours.wall):
            raise RuntimeError(f"the trainer reported iteration {iteration}; expected one report every {self._each}")
        self.memory = self.memory or peak_memory(self._device)
        if self._plain is not None:
            since = now()
            for _ in range(self._each):
                self._plain.iterate()
            self.theirs.add(since, 1.0 / self._each)
        self.peak.once()
        self._since = now()

    def without_warm_up(self) -> tuple[Times, Times]:
        """Return the times of ours and plain after the first round.

        On a GPU the trainer reports one period late: the first call is after two periods, and the last one at once.
        """
        for one in (self.ours, self.theirs):
            for values in (one.wall, one.processor):
                del values[:1], values[len(values) - (self._device.type == "cuda") :]
        return self.ours, self.theirs


def measure(case: Case, rounds: int, each: int) -> tuple[Any, ...]:
    """Return the row of a case."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    keep_freed_memory()
    rounds += 1 if device.type == "cpu" else 2  # those that do not count
    composition = case.composed()
    game = composition.build(0)
    store, wide = shapes(game)
    plain = _plain(case, composition, game, store, device)
    for part in game.parts.values():
        part.to(device)
    precision = PRECISIONS[case.precision]
    with strictly(precision), tempfile.TemporaryDirectory() as folder:
        turns = _Turns(plain, Peak(precision, device), each, device)
        clips = ClipSampler(store, "train", 0, device, wide)
        progress = trained(game, clips, Path(folder), device, rounds * each, each, turns, case.precision)
    ours, theirs = turns.without_warm_up()
    share = progress.flops_per_iteration / min(ours.wall) / turns.peak.rate
    compared: list[Any] = [None, None, None]
    if plain is not None:
        wall, processor = ratio(theirs.wall, ours.wall), ratio(theirs.processor, ours.processor)
        compared = [spread(theirs.wall, 1e3), "{:.2f} ({:.2f}–{:.2f})".format(*wall), round(processor[0], 2)]
    of_case = (case.spec, case.size, max(p.batch for p in game.players), case.precision)
    times = (spread(ours.wall, 1e3), round(1e3 * statistics.median(ours.processor), 1))
    return (
        *of_case,
        *times,
        round(progress.flops_per_iteration / 1e9, 1),
        f"{share:.0%}",
        turns.memory >> 20,
        *compared,
    )


def _plain(case: Case, composition: Any, game: Game, store: Store, device: torch.device) -> Plain | None:
    model = PLAIN.get(case.spec.partition("+")[0])
    if model is None:
        return None
    return model(composition, game, batches_of(game, Videos.of(store), 0, device), device)


if __name__ == "__main__":
    spec, size, batch, precision, rounds, each, *threads = sys.argv[1:]
    if threads:
        torch.set_num_threads(int(threads[0]))
    one = Case(spec, size, int(batch) or None, "tf32" if precision == "tf32" else "fp32")
    print(json.dumps(measure(one, int(rounds), int(each))))
