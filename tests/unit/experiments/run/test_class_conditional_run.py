"""A run of a class-conditional backbone, from its videos to samples without them."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
import torch

import vidgen_bench
from tests.kit.workplace import make_workplace
from tests.kit.wrong import host_of
from vidgen_bench.cli.sample import sample
from vidgen_bench.compose.sampling import samples
from vidgen_bench.config.budget import parse_budget
from vidgen_bench.experiments.run.execute import execute
from vidgen_bench.experiments.run.hashes import HashedSamples
from vidgen_bench.experiments.run.plan import Request, make_plan
from vidgen_bench.host.host import Host
from vidgen_bench.leaderboard.collect import collect
from vidgen_bench.leaderboard.ranking import rankings
from vidgen_bench.records.record import read_record
from vidgen_bench.system.observer import Observer

CPU = torch.device("cpu")


@pytest.mark.slow
def test_a_run_keeps_the_shares_and_the_names_of_its_classes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = Host((*Host.of_environment()._points, *host_of("tests.kit.wrong.right", "tests.kit.wrong.labelled")._points))
    monkeypatch.setattr(Host, "of_environment", lambda: both)
    root = make_workplace(tmp_path).root
    lists = root / "data" / "splits" / "trainlist01.txt"
    lists.write_text("".join(lists.read_text().splitlines(keepends=True)[:-1]))
    monkeypatch.setenv("XDG_CACHE_HOME", str(root / "cache"))
    request = Request(
        "labelled+glide",
        track=str(root / "tiny.toml"),
        budget=parse_budget("iterations=2"),
        videos=root / "data" / "videos",
        splits=root / "data" / "splits",
        runs=root / "runs",
        device="cpu",
    )
    plan = make_plan(request, both)
    folder = execute(plan, 5, Observer()).folder
    record = read_record(folder.record_path)
    assert record.model.conditional
    assert record.hashes is not None
    names = json.loads((folder.path / "request.json").read_text())["classes"]

    trained = vidgen_bench.load(folder.path, device="cpu")
    shares = trained.game.parts["labels"].get_buffer("until")
    assert shares.tolist() != [0.5]
    draw = partial(samples, trained.game, 5, "final", times=trained.composition.clip.grid, device=CPU)
    assert HashedSamples(lambda indices: draw(indices=indices), 4).hexdigest() == record.hashes.samples
    assert torch.equal(trained.sample(2, label=names[1]), trained.sample(2, label=1))
    sample(folder.path, count=2, label=names[1], device="cpu")
    assert (folder.path / "sample-count2-class1-seed0.gif").exists()
    (ranking,) = rankings(collect([root / "runs"], index=root / "index.sqlite").entries)
    assert ranking.title.endswith(", class-conditional")
    assert execute(plan, 5, Observer()).already
