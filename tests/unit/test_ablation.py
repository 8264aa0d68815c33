"""Suites at work: which runs the cells come down to, what a failure stops, and what a cell shows."""

from __future__ import annotations

import dataclasses
import weakref
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch

from tests.plugin_files import TEMPORAL, host_of
from tests.record_files import record
from vidgen_bench.ablation.members import Ablation, expand
from vidgen_bench.ablation.running import Result, carry_out, check_data, make_plans
from vidgen_bench.ablation.values import values
from vidgen_bench.errors import DataError, Interrupted, RequestError, VidgenBenchError
from vidgen_bench.host import Host
from vidgen_bench.latent import count
from vidgen_bench.plan import Plan, Request
from vidgen_bench.run import Outcome
from vidgen_bench.suite import load_suite
from vidgen_bench.training.observer import Observer

TINY = Path(__file__).resolve().parents[1] / "cli" / "tiny.py"


@pytest.fixture(scope="module")
def host() -> Host:
    return Host.of_environment()


def ablation_of(text: str, host: Host, track: str | None = None, seeds=(0,), **request) -> Ablation:
    suite = load_suite(text, {"tgan", "mocogan"})
    return expand(suite, dataclasses.replace(Request(spec=""), **request), track, seeds, host)


FACTS = {
    ("original", "TGAN"): (826_468, 4_449_159),
    ("original", "MoCoGAN"): (1_632, 3_299_808),
    ("single layer", "TGAN"): (638_424, 4_261_115),
    ("single layer", "MoCoGAN"): (2_400, 3_300_576),
    ("two layers", "TGAN"): (648_524, 4_271_215),
    ("two layers", "MoCoGAN"): (2_672, 3_300_848),
    ("equal parameters", "TGAN"): (825_002, 4_447_693),
    ("equal parameters", "MoCoGAN"): (1_633, 3_299_809),
    ("1st order", "TGAN"): (638_424, 4_261_115),
    ("1st order", "MoCoGAN"): (1_633, 3_299_809),
    ("2nd order", "TGAN"): (658_624, 4_281_315),
    ("2nd order", "MoCoGAN"): (2_177, 3_300_353),
    ("3rd order", "TGAN"): (668_724, 4_291_415),
    ("3rd order", "MoCoGAN"): (2_449, 3_300_625),
    ("SDE", "TGAN"): (648_524, 4_271_215),
    ("SDE", "MoCoGAN"): (3_266, 3_301_442),
    ("original", "TGANv2"): (77_870_080, 88_032_460),
    ("1st order", "TGANv2"): (11_806_720, 21_969_100),
}
"""Parameters of G_t and of the generator that the paper's code has; TGANv2's G_t with the affine layer before it."""


@pytest.mark.parametrize("name", ["paper-table-1", "paper-table-3"])
def test_every_cell_of_the_paper_has_the_parameters_of_its_code(name: str, host: Host) -> None:
    ablation = ablation_of(name, host)
    for place, (of_temporal, of_generator) in FACTS.items():
        for member in (m for m in ablation.members if (m.cell.row, m.cell.column) == place and m.model is m.cell):
            pair = member.composition
            assert pair is not None
            with torch.device("meta"):
                temporal = pair.temporal.build(pair.latent, pair.temporal_options)
                game = pair.backbone.build(pair.clip, pair.backbone_options, temporal)
            assert count(temporal) == of_temporal, place
            assert count(game.parts["generator"]) == of_generator, place
    assert {(m.cell.row, m.cell.column) for m in ablation.members} <= set(FACTS)


def test_tables_one_and_two_and_three_and_four_are_the_same_runs(host: Host) -> None:
    keys = {n: [job.member.key for job in ablation_of(f"paper-table-{n}", host).jobs] for n in (1, 2, 3, 4)}
    assert keys[1] == keys[2]
    assert keys[3] == keys[4]
    assert len(keys[1]) == 8


def test_the_two_swapped_scripts_run_as_what_they_are_and_as_what_they_claim(host: Host) -> None:
    ablation = ablation_of("paper-table-3", host)
    specs = {row: [m.spec for m in ablation.members if m.cell.row == row and m.cell.column == "MoCoGAN"]
             for row in ("3rd order", "SDE")}  # fmt: skip
    assert specs == {"3rd order": ["mocogan+ode3", "mocogan+sde"], "SDE": ["mocogan+sde", "mocogan+ode3"]}
    shared = [job for job in ablation.jobs if len(job.members) == 2]
    assert [(str(j), j.cells) for j in shared] == [
        ("mocogan+ode3 seed 0", [("3rd order", "MoCoGAN"), ("SDE", "MoCoGAN")]),
        ("mocogan+sde seed 0", [("3rd order", "MoCoGAN"), ("SDE", "MoCoGAN")]),
    ]


def test_tganv2_has_a_track_of_its_own_and_comes_last_unless_one_is_given(host: Host) -> None:
    ablation = ablation_of("paper-table-3", host)
    tracks = {m.cell.column: m.track.name for m in ablation.members}
    assert tracks == {"TGAN": "ucf101-64-paper", "MoCoGAN": "ucf101-64-paper", "TGANv2": "ucf101-192-paper"}
    assert [job.aside for job in ablation.jobs] == [False] * 10 + [True] * 2
    given = ablation_of("paper-table-3", host, track="shapes-smoke")
    assert {m.track.name for m in given.members} == {"shapes-smoke"}
    assert not any(job.aside for job in given.jobs)
    assert all(m.track.fingerprint != m.declared.fingerprint for m in given.members)


def test_one_model_spelt_twice_is_run_once(host: Host, tmp_path: Path) -> None:
    (tmp_path / "twice.toml").write_text(
        'name = "twice"\n'
        '[[cells]]\nrow = "a"\ncolumn = "x"\nspec = "tgan"\n'
        '[[cells]]\nrow = "b"\ncolumn = "x"\nspec = "tgan+conv1d"\n'
        '[[cells]]\nrow = "c"\ncolumn = "x"\nspec = "tgan+ode1:equal"\n'
        '[[cells]]\nrow = "d"\ncolumn = "x"\nspec = "tgan+ode1"\nset = { temporal.hidden = "equal" }\n'
    )
    jobs = ablation_of(str(tmp_path / "twice.toml"), host, seeds=(0, 5)).jobs
    assert [(str(j), [row for row, _ in j.cells]) for j in jobs] == [
        ("tgan+conv1d seed 0", ["a", "b"]), ("tgan+conv1d seed 5", ["a", "b"]),
        ("tgan+ode1:equal seed 0", ["c", "d"]), ("tgan+ode1:equal seed 5", ["c", "d"]),
    ]  # fmt: skip


def test_what_is_given_goes_over_what_the_cells_set(host: Host) -> None:
    text = "tgan x ode1,ode1:two-layer"
    assert {m.spec for m in ablation_of(text, host, given={"temporal.hidden": "64"}).members} == {
        "tgan+ode1 temporal.hidden=64"
    }


@pytest.mark.parametrize(
    ("text", "given", "words"),
    [
        ("tgan x ode1,ode9", {}, ["The cell 'ode9', 'tgan' (tgan+ode9)", "Did you mean 'ode"]),
        ("tgan x ode1:eqal", {}, ["The cell 'ode1:eqal', 'tgan'", "no variant 'eqal'"]),
        ("tgan x ode1,gru", {"temporal.hidden": "64"}, ["The cell 'gru', 'tgan'", "no option 'hidden'"]),
        ("tgam,tgan x ode1", {}, ["The cell 'ode1', 'tgam'", "No backbone is called 'tgam'"]),
    ],
)
def test_an_unknown_name_or_option_refuses_the_whole_and_names_the_cell(host: Host, text, given, words) -> None:
    with pytest.raises(RequestError) as caught:
        ablation_of(text, host, given=given)
    for word in words:
        assert word in str(caught.value)


def test_a_metric_that_the_track_does_not_measure(host: Host, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text('name = "m"\nmetric = "fud"\n[grid]\nbackbones = ["tgan"]\n')
    with pytest.raises(
        RequestError, match=r"the table shows 'fud', which the track shapes-smoke does not measure.* 'fid'"
    ):
        ablation_of(str(tmp_path / "m.toml"), host)


def test_a_pair_that_does_not_fit_is_shown_and_the_rest_goes_on(host: Host) -> None:
    ablation = ablation_of("tgan,vgan x ode1", host)
    assert [str(j) for j in ablation.jobs] == ["tgan+ode1 seed 0"]
    shown = values(ablation, [])
    assert shown["ode1", "vgan"][0].state == "does not fit"
    assert "nothing to swap" in (shown["ode1", "vgan"][0].reason or "")
    assert shown["ode1", "tgan"][0].state == "not run"


def test_where_nothing_fits_there_is_nothing_to_run(host: Host) -> None:
    with pytest.raises(RequestError, match=r"(?s)No cell fits.*nothing to swap"):
        ablation_of("vgan x ode1,sde", host)


class Executor:
    """Runs nothing: gives a record for every job, or what was put in its place."""

    def __init__(self, **ends: BaseException | str) -> None:
        self.ends, self.seen = ends, []

    def __call__(self, plan: Plan, seed: int, observer: Observer) -> Outcome:
        name = f"{plan.composition.resolved.spec.temporal}_{seed}"
        self.seen.append(name)
        end = self.ends.get(name)
        if isinstance(end, BaseException):
            raise end
        base = 3.0 + len(self.seen) + seed
        made = record(
            str(plan.composition.resolved), seed, diverged=end == "diverged",
            scores={"is": [1.0, 1.2], "fid": [base, base + 1]},
        )  # fmt: skip
        return Outcome(plan.folder(seed), made, already=end == "already")


def carried_out(ablation: Ablation, host: Host, execute: Executor) -> list[Result]:
    plans = make_plans(ablation, host)
    return list(carry_out(ablation, plans, lambda number, job: nullcontext(Observer()), execute))


def test_what_fails_does_not_stop_the_others(host: Host) -> None:
    ablation = ablation_of("tgan x ode1,ode2,ode3,sde,iid", host)
    execute = Executor(
        ode1_0=ValueError("the network\nbroke"), ode2_0=RequestError("Another process is running it."),
        ode3_0="diverged", sde_0="already", iid_0=SystemExit(3),
    )  # fmt: skip
    results = carried_out(ablation, host, execute)
    assert [(r.state, r.failure, r.already) for r in results] == [
        ("failed", "ValueError: the network broke", False),
        ("failed", "Another process is running it.", False),
        ("diverged", None, False),
        ("finished", None, True),
        ("failed", "SystemExit: 3", False),
    ]


@pytest.mark.parametrize("end", [Interrupted("Stopped."), KeyboardInterrupt(), DataError("No videos.")])
def test_what_ends_the_suite(host: Host, end: BaseException) -> None:
    execute = Executor(ode2_0=end)
    with pytest.raises(type(end)):
        carried_out(ablation_of("tgan x ode1,ode2,ode3", host), host, execute)
    assert execute.seen == ["ode1_0", "ode2_0"]


def suite_with_own_track(folder: Path) -> str:
    (folder / "aside.toml").write_text(
        'name = "aside"\n'
        '[[cells]]\nrow = "a"\ncolumn = "x"\nspec = "tgan+sde"\ntrack = "shapes-64"\n'
        '[[cells]]\nrow = "b"\ncolumn = "x"\nspec = "tgan+ode1"\n'
    )
    return str(folder / "aside.toml")


def test_data_that_only_a_cell_of_its_own_track_lacks_fail_that_cell(host: Host, tmp_path: Path) -> None:
    ablation = ablation_of(suite_with_own_track(tmp_path), host)
    execute = Executor(sde_0=DataError("No videos."))
    assert [(str(r.job), r.state) for r in carried_out(ablation, host, execute)] == [
        ("tgan+ode1 seed 0", "finished"), ("tgan+sde seed 0", "failed"),
    ]  # fmt: skip


def test_missing_data_of_the_suite_are_told_before_any_work(host: Host, tmp_path: Path) -> None:
    ablation = ablation_of("tgan x ode1", host, videos=tmp_path)
    with pytest.raises(VidgenBenchError, match="leave out --data and --splits"):
        check_data(ablation, make_plans(ablation, host), Observer())


@pytest.mark.parametrize(
    ("change", "words"),
    [({"device": "cuda:77"}, "--device cuda:77"), ({"runs": TINY}, "is a file; expected a folder")],
    ids=["device", "runs"],
)
def test_what_would_fail_every_run_is_refused_before_the_first(host: Host, change: dict, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        make_plans(ablation_of("tgan x ode1", host, **change), host)


class Network:
    """Stands for what a run holds: in a cycle, and in the frames of an error."""

    def __init__(self) -> None:
        self.itself = self


def test_nothing_of_one_run_stays_with_the_next(host: Host) -> None:
    alive: list[weakref.ref[Network]] = []
    threads = torch.get_num_threads()

    def execute(plan: Plan, seed: int, observer: Observer) -> Outcome:
        assert not [r for r in alive if r() is not None]
        assert torch.get_num_threads() == threads
        network = Network()
        alive.append(weakref.ref(network))
        torch.set_num_threads(threads + 1)
        if seed == 1:
            raise MemoryError("too large")
        return Outcome(plan.folder(seed), record("tgan+ode1", seed), already=False)

    ablation = ablation_of("tgan x ode1", host, seeds=(0, 1, 2))
    results = carried_out(ablation, host, execute)  # type: ignore[arg-type]
    assert [r.state for r in results] == ["finished", "failed", "finished"]
    assert not [r for r in alive if r() is not None]
    assert torch.get_num_threads() == threads


def test_a_cell_shows_the_mean_over_the_seeds_that_finished(host: Host) -> None:
    ablation = ablation_of("tgan x ode1,ode2,sde", host, seeds=(0, 1))
    execute = Executor(ode2_1="diverged", sde_0="diverged", sde_1=ValueError("broke"))
    shown = {row: group[0] for (row, _), group in values(ablation, carried_out(ablation, host, execute)).items()}
    both = shown["ode1"].summary
    assert both is not None
    assert (both.over, both.count, both.mean) == ("seeds", 2, pytest.approx((4.5 + 6.5) / 2))
    one = shown["ode2"].summary
    assert one is not None
    assert (one.over, one.count) == ("batches", 2)
    assert shown["ode2"].state == "finished"
    assert (shown["sde"].summary, shown["sde"].state, shown["sde"].reason) == (None, "failed", "ValueError: broke")


def test_a_misfit_that_a_plugin_declares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: Host) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    refusing = TEMPORAL.format(name="picky").replace("return None", 'return "it wants more"')
    mixed = Host((*host._points, *host_of(tmp_path, picky=refusing)._points))
    ablation = ablation_of("tgan x ode1,picky", mixed)
    assert [m.misfit is None for m in ablation.members] == [True, False]
    assert "it wants more" in (ablation.members[1].misfit or "")
