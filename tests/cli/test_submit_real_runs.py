"""Real runs, sent in, checked, and repeated to the same bytes and the same scores."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.kit.submitted_results import spoil
from tests.kit.workplace import TRACK, Workplace

FOLDER = "leaderboards/two/tgan+ode1"


@pytest.fixture(scope="module")
def submitted(prepared: Workplace) -> Workplace:
    """A workplace with the two seeds of one spec, run and submitted."""
    (prepared.root / "two.toml").write_text(TRACK.replace('"tiny"', '"two"') + "\n[ranking]\nseeds = 2\n")
    arguments = ["--track", "two.toml", *prepared.data_arguments[2:]]
    done = prepared.call("run", "tgan+ode1", *arguments, "--seeds", "0-1")
    assert done.returncode == 0, done.stderr
    done = prepared.call("submit", "runs/two/tgan+ode1/seed-0", "runs/two/tgan+ode1/seed-1")
    assert done.returncode == 0, done.stderr
    return prepared


def test_the_hashes_are_those_of_the_checkpoint_and_of_the_first_final_batch(submitted: Workplace) -> None:
    import torch

    import vidgen_bench
    from vidgen_bench.compose.sampling import samples
    from vidgen_bench.experiments.run.hashes import checkpoint_hash
    from vidgen_bench.training import checkpoint

    run = submitted.root / "runs/two/tgan+ode1/seed-1"
    record = json.loads((run / "record.json").read_text())
    best = checkpoint.load(run / checkpoint.best_file(record["best"]["iteration"]), torch.device("cpu"))
    assert record["hashes"]["checkpoint"] == checkpoint_hash(best["parts"])
    trained = vidgen_bench.load(run, device="cpu")
    grid = trained.composition.clip.grid
    clips = torch.cat(list(samples(trained.game, 1, "final", range(4), grid, torch.device("cpu"))))
    as_bytes = (clips * 128 + 128).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 4, 1).contiguous()
    assert record["hashes"]["samples"] == hashlib.sha256(as_bytes.numpy().tobytes()).hexdigest()


def test_submitted_runs_pass_verify(submitted: Workplace) -> None:
    assert sorted(p.name for p in (submitted.root / FOLDER).iterdir() if "attested" not in p.name) == [
        "preview.jpg",
        "seed-0.json",
        "seed-1.json",
    ]
    done = submitted.call("verify", "--write")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 records accepted, 0 withdrawn; 0 faults" in done.stdout
    assert "seeds 0, 1; self-reported" in (submitted.root / "leaderboards/README.md").read_text()


@pytest.mark.slow
def test_a_part_of_a_run_is_repeated_and_then_whole_runs_give_the_same_bytes(submitted: Workplace) -> None:
    arguments = ["--track", "two.toml", *submitted.data_arguments[2:6], "--runs", "parts"]
    path = submitted.root / FOLDER / "seed-1.json"
    points = [point["iteration"] for point in json.loads(path.read_text())["trace"]]
    assert len(points) > 1
    done = submitted.call("verify", "--rerun", str(path), *arguments, "--until", str(points[0] + 1))
    assert done.returncode == 2
    assert f"has evaluations at the iterations {', '.join(map(str, points))}" in done.stderr
    done = submitted.call("verify", "--rerun", str(path), *arguments, "--until", str(points[0]))
    assert done.returncode == 0, done.stdout + done.stderr
    attested = json.loads((submitted.root / FOLDER / "seed-1.attested.json").read_text())
    assert (attested["how"], attested["iterations"], attested["scores"]) == ("re-run", points[0], {})
    run = submitted.root / "parts/two/tgan+ode1/seed-1"
    assert [json.loads(line)["iteration"] for line in (run / "trace.jsonl").read_text().splitlines()] == points[:1]
    assert not (run / "record.json").exists()

    for seed, given in ((1, arguments), (0, arguments[:-2])):  # the second in the usual folder
        done = submitted.call("verify", "--rerun", f"{FOLDER}/seed-{seed}.json", *given)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"Attested: {FOLDER}/seed-{seed}.attested.json" in done.stdout
        attested = json.loads((submitted.root / FOLDER / f"seed-{seed}.attested.json").read_text())
        assert (attested["how"], attested["tolerance"], set(attested["scores"])) == ("re-run", 0.0, {"is", "fid"})
    done = submitted.call("verify", "--write")
    assert done.returncode == 0, done.stdout
    assert "seeds 0, 1; re-run" in (submitted.root / "leaderboards/README.md").read_text()
    done = submitted.call("verify", "--rerun", str(path), *arguments, "--until", str(points[0]))
    assert done.returncode == 2
    assert "attests the whole run already" in done.stderr

    edited = submitted.root / "edited" / "two/tgan+ode1/seed-1.json"
    edited.parent.mkdir(parents=True)
    edited.write_bytes(path.read_bytes())
    spoil(edited, lambda t: t["trace"][0]["losses"].update({next(iter(t["trace"][0]["losses"])): 0.5}))
    done = submitted.call("verify", "--rerun", str(edited), *arguments, "--until", str(points[0]))
    assert done.returncode == 1
    assert f"differs from its trace at iteration {points[0]}. Nothing was attested" in done.stderr
    assert not edited.with_name("seed-1.attested.json").exists()


@pytest.mark.slow
def test_a_checkpoint_scored_again_agrees(submitted: Workplace) -> None:
    data = submitted.data_arguments[2:6]
    done = submitted.call("verify", "--recompute", "runs/two/tgan+ode1/seed-0", *data, "--device", "cpu")
    assert done.returncode == 0, done.stdout + done.stderr
    attested = json.loads((submitted.root / FOLDER / "seed-0.attested.json").read_text())
    assert attested["how"] == "recomputed"
    assert all(both["found"] == both["recorded"] for both in attested["scores"].values())


def test_a_record_of_other_versions_or_devices_cannot_be_repeated(submitted: Workplace, tmp_path: Path) -> None:
    path = tmp_path / "leaderboards/two/tgan+ode1/seed-0.json"
    path.parent.mkdir(parents=True)
    path.write_bytes((submitted.root / FOLDER / "seed-0.json").read_bytes())
    arguments = ["--track", "two.toml", *submitted.data_arguments[2:6]]
    spoil(path, lambda t: t["environment"].update(torch="2.0.0"))
    done = submitted.call("verify", "--rerun", str(path), *arguments)
    assert done.returncode == 2
    assert "torch 2.0.0 in the record" in done.stderr
    spoil(path, lambda t: t["environment"].update(device="cuda"))
    done = submitted.call("verify", "--rerun", str(path), *arguments)
    assert done.returncode == 2
    assert "it ran on 1 x cuda" in done.stderr
    done = submitted.call("verify", "--recompute", "runs/two/tgan+ode1/seed-0", "--rerun", str(path))
    assert done.returncode == 2
    assert "not both" in done.stderr
