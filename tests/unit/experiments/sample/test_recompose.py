"""A run is rebuilt with its own options, whatever the defaults are now; messages name missing or unfit plugins."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
import torch
from vidgen_backbones.tgan import TGANOptions
from vidgen_temporal.ode import ODEOptions

import vidgen_bench
from tests.kit.run_folders import begun, plan_of
from tests.kit.workplace import make_workplace
from vidgen_bench.api import Clip
from vidgen_bench.config.budget import parse_budget
from vidgen_bench.errors import RecordError, RequestError
from vidgen_bench.experiments.run.execute import execute
from vidgen_bench.experiments.run.folder import RunFolder
from vidgen_bench.experiments.run.plan import Request, make_plan
from vidgen_bench.experiments.sample.recompose import read_run, recompose
from vidgen_bench.host.host import Host
from vidgen_bench.records.record import read_record
from vidgen_bench.system.observer import Observer


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that was trained for a few iterations."""
    root = make_workplace(tmp_path_factory.mktemp("trained")).root
    request = Request(
        "tgan+ode2",
        track=str(root / "tiny.toml"),
        given={"temporal.hidden": "8"},
        budget=parse_budget("iterations=3"),
        videos=root / "data" / "videos",
        splits=root / "data" / "splits",
        runs=root / "runs",
        device="cpu",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(root / "cache"))
        return execute(make_plan(request, Host.of_environment()), 5, Observer()).folder.path


def test_the_best_weights_are_those_of_the_record(finished):
    trained = vidgen_bench.load(finished, device="cpu")
    record = read_record(finished / "record.json")
    assert record.best is not None
    kept = torch.load(finished / f"best-{record.best.iteration:09d}.pt", weights_only=True)["parts"]
    for name, part in trained.game.parts.items():
        assert all(torch.equal(value, kept[name][key]) for key, value in part.state_dict().items())
    assert trained.iteration == record.best.iteration
    assert str(trained.composition.resolved.spec) == "tgan+ode2"
    assert trained.composition.latent.parameters == record.parameters.own_temporal


def test_a_record_is_as_good_as_its_folder_and_last_is_the_end(finished):
    again = vidgen_bench.load(str(finished / "record.json"), device="cpu")
    assert torch.equal(again.sample(2), vidgen_bench.load(finished, device="cpu").sample(2))
    last = vidgen_bench.load(finished, device="cpu", checkpoint="last")
    assert (last.checkpoint, last.iteration) == ("last", 3)


def test_defaults_pairings_and_the_track_of_today_change_nothing(finished, monkeypatch):
    options = {f.name: f for f in (*dataclasses.fields(TGANOptions), *dataclasses.fields(ODEOptions))}
    for name, value in {"width": 0.5, "batch": 64, "embedding": False, "hidden": "state", "solver": "euler"}.items():
        monkeypatch.setattr(options[name], "default", value)
    composition = recompose(read_run(finished), Host.of_environment())
    backbone, temporal = composition.backbone_options, composition.temporal_options
    assert (backbone.width, backbone.batch) == (0.0625, 2)
    assert (temporal.embedding, temporal.hidden, temporal.solver) == (True, 8, "rk4")
    assert composition.clip == Clip(frames=16, size=64, classes=2, spare=0)


def test_equal_means_the_count_of_then(tmp_path):
    folder = begun(tmp_path / "a", "tgan+ode1:equal")
    manifest, host = read_run(folder), Host.of_environment()
    now = recompose(manifest, host)
    assert now.latent.parameters == manifest.own_temporal
    then = recompose(dataclasses.replace(manifest, own_temporal=700_000), host)
    assert then.latent.parameters == 700_000
    width = [composition.build_temporal(0).f[0].out_features for composition in (now, then)]
    assert width[1] < width[0]
    assert str(then.resolved.spec) == "tgan+ode1:equal"


@pytest.mark.parametrize("spec", ["tgan+sde", "mocogan+ode3:physics", "tganv2+convgru", "vgan"])
def test_an_unfinished_run_comes_back(spec, tmp_path):
    loaded = vidgen_bench.load(begun(tmp_path / "a", spec), device="cpu")
    assert loaded.iteration == 4
    assert loaded.sample(2).shape == (2, 3, 16, 64, 64)
    assert vidgen_bench.load(tmp_path / "a", device="cpu", checkpoint="last").iteration == 6


def test_an_unfinished_run_begun_by_an_earlier_version_is_continued_but_not_loaded(tmp_path):
    folder = begun(tmp_path / "a", "tgan+ode1")
    request = json.loads((folder / "request.json").read_text())
    assert request.pop("declared")["clip"]["frames"] == 16
    request.pop("own_temporal")
    (folder / "request.json").write_text(json.dumps(request))
    plan = plan_of("tgan+ode1")
    RunFolder(folder).claim({**plan.identity(0, "none"), "environment": plan.environment("cpu", 1, 1)})
    with pytest.raises(
        RequestError, match=r"the earlier version that started it.*Finish it with `vidgen-bench run` first"
    ):
        vidgen_bench.load(folder)


def test_the_plugins_of_a_stored_request_are_entries(tmp_path):
    folder = begun(tmp_path / "a", "tgan+ode1", last=None)
    request = json.loads((folder / "request.json").read_text())
    request["environment"]["plugins"] = {"data set shapes": "vidgen-bench 0.1.0", "temporal ode1": "my-ode 2.0+local"}
    (folder / "request.json").write_text(json.dumps(request))
    assert [tuple(entry.model_dump().values()) for entry in read_run(folder).plugins] == [
        ("data set", "shapes", "vidgen-bench", "0.1.0"),
        ("temporal", "ode1", "my-ode", "2.0+local"),
    ]


# --------------------------------------------------------------------------------------------------------------- refusals
def test_a_folder_that_is_no_run_is_refused_with_the_runs_nearby(tmp_path):
    folder = begun(tmp_path / "runs" / "t" / "tgan+ode1" / "seed-0", "tgan+ode1", last=None)
    for wrong in (tmp_path / "runs" / "t" / "tgan+ode2" / "seed-0", folder.parent, tmp_path / "runs"):
        with pytest.raises(RequestError) as refused:
            vidgen_bench.load(wrong)
        assert f"Runs nearby: {folder}." in str(refused.value)
    (folder / "samples.gif").write_bytes(b"GIF")
    with pytest.raises(RequestError, match=r"samples\.gif is a file; a run is a folder.*Runs nearby"):
        vidgen_bench.load(folder / "samples.gif")
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        RequestError, match=r"neither record\.json nor request\.json\. `vidgen-bench run SPEC` creates one"
    ):
        vidgen_bench.load(tmp_path / "empty")


@pytest.mark.parametrize(
    ("made", "checkpoint", "words"),
    [
        ({"last": None}, "best", "has no checkpoint last.pt. It is written every minute"),
        ({"best": None}, "best", "is not finished and has not reached its first evaluation.*Try the checkpoint 'last'"),
        ({}, "worst", "checkpoint='worst': expected 'best' or 'last'"),
    ],
)
def test_a_run_without_such_a_checkpoint_is_refused(tmp_path, made, checkpoint, words):
    with pytest.raises(RequestError, match=words):
        vidgen_bench.load(begun(tmp_path / "a", "tgan+ode1", **made), device="cpu", checkpoint=checkpoint)


def test_a_deleted_checkpoint_is_refused(finished, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder)
    (best,) = folder.glob("best-*.pt")
    best.unlink()
    with pytest.raises(
        RequestError, match=rf"{best.name} with the run's best weights no longer exists.*'last' is still there"
    ):
        vidgen_bench.load(folder, device="cpu")
    (folder / "last.pt").unlink()
    with pytest.raises(RequestError, match=r"no longer exists.*Run the spec again"):
        vidgen_bench.load(folder, device="cpu")
    with pytest.raises(RequestError, match=r"has no checkpoint last\.pt\. Was it deleted"):
        vidgen_bench.load(folder, device="cpu", checkpoint="last")


def test_a_plugin_that_is_gone_is_named_with_its_distribution(tmp_path, monkeypatch):
    folder = begun(tmp_path / "a", "tgan+sde")
    monkeypatch.setenv("VIDGEN_BENCH_PLUGINS", "tgan,conv1d,ode")
    wanted = f"temporal generator 'sde' of vidgen-bench {vidgen_bench.version.__version__}, which is not installed"
    with pytest.raises(RequestError, match=wanted):
        vidgen_bench.load(folder, device="cpu")


def test_weights_that_no_longer_fit_are_refused_with_the_versions(tmp_path):
    folder = begun(tmp_path / "a", "tgan+ode1")
    request = json.loads((folder / "request.json").read_text())
    request["options"]["temporal.embedding"] = False
    request["environment"]["plugins"]["temporal ode1"] = "vidgen-bench 0.0.9"
    (folder / "request.json").write_text(json.dumps(request))
    now = vidgen_bench.version.__version__
    wanted = (
        rf"The run was made with tgan of vidgen-bench {now} \(still installed\) and ode1 of vidgen-bench 0.0.9 \(now {now}\)\. "
        r"Install the version that trained it to sample from it\."
    )
    with pytest.raises(RecordError, match=wanted):
        vidgen_bench.load(folder, device="cpu")
    request["options"]["temporal.embeding"] = False
    (folder / "request.json").write_text(json.dumps(request))
    with pytest.raises(
        RequestError, match=r"installed plugins cannot rebuild.*no option 'embeding'.*vidgen-bench 0.0.9"
    ):
        vidgen_bench.load(folder, device="cpu")


@pytest.mark.parametrize("key", ["spec", "options", "own_temporal"])
def test_a_damaged_request_is_refused(tmp_path, key):
    folder = begun(tmp_path / "a", "tgan+ode1", last=None)
    request = json.loads((folder / "request.json").read_text())
    del request[key]
    (folder / "request.json").write_text(json.dumps(request))
    with pytest.raises(RecordError, match="is damaged"):
        vidgen_bench.load(folder, device="cpu")


def test_a_track_that_is_not_valid_here_is_refused(tmp_path):
    folder = begun(tmp_path / "a", "tgan+ode1", last=None)
    request = json.loads((folder / "request.json").read_text())
    request["declared"]["clip"]["depth"] = 3
    (folder / "request.json").write_text(json.dumps(request))
    with pytest.raises(RecordError, match=r"is not valid in this version:\n.*clip.depth: unknown key"):
        vidgen_bench.load(folder, device="cpu")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("spec", 3), ("spec", ""), ("spec", "tgan ode1+"), ("spec", "+"), ("seed", "0"), ("seed", -1), ("seed", True), ("options", [1]),
        ("options", None), ("declared", "all"), ("own_temporal", "many"), ("own_temporal", 1.5), ("own_temporal", -4),
        ("environment", {"threads": 1}), ("environment", {"threads": 1, "plugins": {"temporal ode1": 7}}),
        ("environment", {"threads": 1, "plugins": ["ode1"]}),
        ("environment", {"threads": 1, "plugins": {"ode1": "vidgen-bench 0.1.0"}}),
        ("environment", {"threads": 1, "plugins": {"temporal ode1": "0.1.0"}}),
        ("environment", {"threads": 1, "plugins": {"temporal ode1": {"vidgen-bench": "0.1.0"}}}),
    ],
)  # fmt: skip
def test_a_request_with_a_value_of_a_wrong_type_is_refused(tmp_path, key, value):
    folder = begun(tmp_path / "a", "tgan+ode1", last=None)
    request = json.loads((folder / "request.json").read_text()) | {key: value}
    (folder / "request.json").write_text(json.dumps(request))
    with pytest.raises((RecordError, RequestError)) as refused:
        vidgen_bench.load(folder, device="cpu")
    assert ("request.json is damaged" in str(refused.value)) is (value != "tgan ode1+")


@pytest.mark.parametrize(
    ("checkpoint", "change"),
    [
        ("last", {"progress": None}), ("last", {"progress": 3}), ("last", {"progress": {"best": None}}),
        ("last", {"progress": {"iteration": "6", "best": None}}), ("last", {"parts": None}), ("last", {"parts": [1]}),
        ("best", {"progress": {"iteration": 6, "best": 4}}), ("best", {"progress": {"iteration": 6, "best": {}}}),
        ("best", {"parts": {"generator": 3}}), ("best", {"parts": {1: {}}}),
    ],
)  # fmt: skip
def test_a_damaged_checkpoint_is_refused(tmp_path, checkpoint, change):
    folder = begun(tmp_path / "a", "tgan+ode1")
    path = folder / ("last.pt" if checkpoint == "last" or "progress" in change else "best-000000004.pt")
    content = torch.load(path, weights_only=True) | change
    torch.save({key: value for key, value in content.items() if value is not None}, path)
    with pytest.raises(RecordError, match=rf"{path.name} is damaged:\n  {next(iter(change))}"):
        vidgen_bench.load(folder, device="cpu", checkpoint=checkpoint)
