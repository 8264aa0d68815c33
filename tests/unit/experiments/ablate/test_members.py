"""Composed suites: the runs of their cells, with tracks and options, and the refusals."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.kit.plugin_files import TEMPORAL, host_of
from tests.kit.suite_files import ablation_of, cell_text, suite_file, track_file
from vidgen_bench.config.budget import parse_budget
from vidgen_bench.errors import RequestError
from vidgen_bench.experiments.ablate.values import values
from vidgen_bench.host.host import Host
from vidgen_bench.latent import count


@pytest.fixture(scope="module")
def host() -> Host:
    return Host.of_environment()


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
"""Parameter counts of G_t and of the generator in the paper's code; TGANv2's G_t includes the affine layer before it."""


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
        ("tgam,tgan x ode1", {}, ["The cell 'ode1', 'tgam'", "There is no backbone named 'tgam'"]),
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


@pytest.mark.parametrize("given", [{}, {"backbone.width": 0.5}])
def test_a_misfit_that_a_plugin_declares(
    given: dict[str, float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: Host
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    refusing = TEMPORAL.format(name="picky").replace("return None", 'return "it wants more"')
    mixed = Host((*host._points, *host_of(tmp_path, picky=refusing)._points))
    ablation = ablation_of("tgan x ode1,picky", mixed, given=given)
    assert [m.misfit is None for m in ablation.members] == [True, False]
    assert ablation.members[1].misfit == "picky refuses the latent of tgan: it wants more."


GRID = {"temporal.form": "code", "temporal.solver": "rk4"}
SDE = {"temporal.solver": "euler", "temporal.dt": 0.025}
LONE, WIDE = {"temporal.embedding": True}, {"temporal.embedding": False, "temporal.hidden": 49}

SCRIPTS = {
    ("original", "TGAN"): [{}],
    ("single layer", "TGAN"): [GRID | LONE | {"temporal.order": 1, "temporal.hidden": "none"}],
    ("1st order", "TGAN"): [GRID | LONE | {"temporal.order": 1, "temporal.hidden": "none"}],
    ("two layers", "TGAN"): [GRID | LONE | {"temporal.order": 1, "temporal.hidden": "state"}],
    ("equal parameters", "TGAN"): [GRID | LONE | {"temporal.order": 1, "temporal.hidden": 978}],
    ("2nd order", "TGAN"): [GRID | LONE | {"temporal.order": 2, "temporal.hidden": "none"}],
    ("3rd order", "TGAN"): [GRID | LONE | {"temporal.order": 3, "temporal.hidden": "none"}],
    ("SDE", "TGAN"): [SDE | LONE | {"temporal.hidden": "none"}],
    ("original", "MoCoGAN"): [{}],
    ("single layer", "MoCoGAN"): [GRID | LONE | {"temporal.order": 1, "temporal.hidden": "none"}],
    ("two layers", "MoCoGAN"): [GRID | LONE | {"temporal.order": 1, "temporal.hidden": "state"}],
    ("equal parameters", "MoCoGAN"): [GRID | WIDE | {"temporal.order": 1, "temporal.hidden": "equal"}],
    ("1st order", "MoCoGAN"): [GRID | WIDE | {"temporal.order": 1, "temporal.hidden": "equal"}],
    ("2nd order", "MoCoGAN"): [GRID | WIDE | {"temporal.order": 2}],
    ("3rd order", "MoCoGAN"): [GRID | WIDE | {"temporal.order": 3}, SDE | WIDE],
    ("SDE", "MoCoGAN"): [SDE | WIDE, GRID | WIDE | {"temporal.order": 3}],
    ("original", "TGANv2"): [{"backbone.recipe": "official"}],
    ("1st order", "TGANv2"): [GRID | {"backbone.recipe": "paper", "temporal.order": 1, "temporal.hidden": "none"}],
}
"""The options of the scripts in the paper's code, in the order of our models in a cell; its MoCoGAN of equal size is 49 wide,
which the count of parameters holds."""

RECIPES = {
    "TGAN": {"backbone.batch": 32, "backbone.learning_rate": 5e-5, "backbone.clip_every": 5},
    "MoCoGAN": {
        "backbone.content": 50,
        "backbone.categories": 0,
        "backbone.motion": 16,
        "backbone.learning_rate": 2e-4,
        "backbone.weight_decay": 1e-5,
        "backbone.image_discriminator": "patch",
        "backbone.video_discriminator": "video",
    },
    "TGANv2": {"backbone.learning_rate": 1e-4},
}


@pytest.mark.parametrize("name", [f"paper-table-{n}" for n in (1, 2, 3, 4)])
def test_every_cell_of_the_paper_has_the_options_of_its_script(name: str, host: Host) -> None:
    ablation = ablation_of(name, host)
    for cell in ablation.suite.cells:
        ours = [m.composition for m in ablation.members if m.cell is cell]
        for pair, script in zip(ours, SCRIPTS[cell.row, cell.column], strict=True):
            assert pair is not None
            settings = {key: setting.value for key, setting in pair.resolved.settings.items()}
            expected = script | RECIPES[cell.column] | {"backbone.width": 1.0}
            assert {key: settings.get(key) for key in expected} == expected, (cell.row, cell.column)


def test_what_a_cell_sets_goes_over_what_the_suite_sets(host: Host, tmp_path: Path) -> None:
    text = 'set = { temporal = { hidden = 8, embedding = false } }\n' + cell_text("a", "tgan+ode1") + cell_text(
        "b", "tgan+ode1", "set = { temporal.hidden = 9 }"
    )  # fmt: skip
    settings = [m.composition.resolved.settings for m in ablation_of(suite_file(tmp_path, text), host).members]
    assert [(s["temporal.hidden"].value, s["temporal.embedding"].value) for s in settings] == [(8, False), (9, False)]


def test_what_was_declared_has_the_suites_budget(host: Host, tmp_path: Path) -> None:
    name = suite_file(tmp_path, "budget = { iterations = 7 }\n" + cell_text("a", "tgan"))
    (same,) = ablation_of(name, host, budget=parse_budget("iterations=7")).members
    assert same.declared.budget.limits == {"iterations": 7}
    assert same.declared.fingerprint == same.track.fingerprint
    (other,) = ablation_of(name, host, budget=parse_budget("iterations=8")).members
    assert other.declared.fingerprint != other.track.fingerprint


def test_one_track_of_all_cells_is_the_suites(host: Host, tmp_path: Path) -> None:
    name = suite_file(
        tmp_path, cell_text("a", "tgan", 'track = "shapes-64"') + cell_text("b", "vgan", 'track = "shapes-64"')
    )
    ablation = ablation_of(name, host)
    assert ablation.track.name == "shapes-64"
    assert ablation.metric == ablation.track.evaluation.select
    assert not any(m.aside for m in ablation.members)
    mixed = ablation_of(
        suite_file(tmp_path, cell_text("a", "tgan", 'track = "shapes-64"') + cell_text("b", "vgan")), host
    )
    assert (mixed.track.name, [m.aside for m in mixed.members]) == ("shapes-smoke", [True, False])


def test_two_runs_with_one_folder_are_refused(host: Host, tmp_path: Path) -> None:
    track_file(tmp_path / "one" / "same.toml")
    track_file(tmp_path / "two" / "same.toml", ("every = ", "every = 1"))
    text = cell_text("a", "tgan", 'track = "one/same.toml"') + cell_text("b", "tgan", 'track = "two/same.toml"')
    with pytest.raises(
        RequestError, match=r"'a', 'x' \(tgan\) and 'b', 'x' \(tgan\) are different runs with the same folder"
    ):
        ablation_of(suite_file(tmp_path, text), host)


def test_the_folders_of_videos_go_to_the_data_set_of_the_suite(host: Host, tmp_path: Path) -> None:
    text = 'track = "mine.toml"\n' + cell_text("a", "tgan") + cell_text("b", "tgan", 'track = "shapes-64"')
    track_file(tmp_path / "mine.toml", ('name = "shapes"', 'name = "video-folder"'))
    ablation = ablation_of(suite_file(tmp_path, text), host, videos=tmp_path, splits=tmp_path)
    assert [m.request.videos for m in ablation.members] == [tmp_path, None]
