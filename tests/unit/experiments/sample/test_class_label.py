"""Samples of one class, and of a finished run without its data: the shares of the classes come back from the state of its parts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.kit.wrong import host_of
from vidgen_bench.api import Game
from vidgen_bench.compose.composition import Composition
from vidgen_bench.compose.sampling import samples
from vidgen_bench.conformance.subject import Declared, subjects
from vidgen_bench.errors import DamagedError, RequestError
from vidgen_bench.experiments.run.folder import RunFolder
from vidgen_bench.experiments.sample.class_label import class_label, class_names
from vidgen_bench.experiments.sample.trained import Trained
from vidgen_bench.training import checkpoint

CPU = torch.device("cpu")
NAMES = ("walk", "run", "3")


def composition_of(name: str) -> Composition:
    host = host_of("tests.kit.wrong.right", "tests.kit.wrong.labelled")
    return next(
        s.composition for s in subjects(Declared(host.find("backbone", name), host)) if s.name == f"{name}+glide"
    )


def final(composition: Composition, game: Game) -> Tensor:
    return torch.cat(list(samples(game, 0, "final", range(40), composition.clip.grid, CPU)))


def trained(folder: Path, name: str) -> Trained:
    composition = composition_of(name)
    return Trained(folder, composition, composition.build(0), CPU, "best", 4)


def test_a_finished_run_without_its_data_has_the_samples_of_the_run(tmp_path: Path) -> None:
    composition = composition_of("labelled")
    run, later = composition.build(0, (9, 1)), composition.build(0)
    torch.testing.assert_close(
        run.parts["generator"].state_dict(), later.parts["generator"].state_dict(), rtol=0, atol=0
    )
    of_the_run = final(composition, run)
    assert not torch.equal(of_the_run, final(composition, later))
    checkpoint.save(tmp_path / "best.pt", {"parts": checkpoint.part_states(run.parts)})
    checkpoint.load_parts(later.parts, checkpoint.load(tmp_path / "best.pt", CPU)["parts"], tmp_path / "best.pt")
    assert torch.equal(of_the_run, final(composition, later))


def test_all_clips_have_the_class_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "request.json").write_text(request := json.dumps(REQUEST | {"classes": ["walk", "run"]}))
    run = trained(tmp_path, "labelled")
    walking, running = run.sample(6, label="walk"), run.sample(6, label=1)
    assert torch.equal(running, run.sample(6, label="run"))
    assert float((walking - running).abs().amax(dim=(1, 2, 3, 4)).min()) > 1e-3
    drawn = run.sample(6)
    for one, *both in zip(drawn, walking, running, strict=True):
        assert any(torch.allclose(one, other, atol=1e-6) for other in both)
    with pytest.raises(
        RequestError, match=r"no class 'wolk'\. Did you mean 'walk'\? Valid: run, walk\. A number from 0 to 1"
    ):
        run.sample(1, label="wolk")
    assert (tmp_path / "request.json").read_text() == request


def test_a_run_without_classes_refuses_them(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"is not class-conditional, so it has no class 'walk'"):
        trained(tmp_path, "tiny").sample(1, label="walk")


def test_a_name_or_a_number() -> None:
    assert [class_label(chosen, 4, NAMES) for chosen in ("run", 3, "0", 0)] == [1, 3, 0, 0]
    for wrong in ("-1", "4", 4, -1, True, 1.5, "1.0", "", "९", "1" * 5000, None):
        with pytest.raises(RequestError, match=r"There is no class .* A number from 0 to 3 works too"):
            class_label(wrong, 4, NAMES)  # type: ignore[arg-type]
    # without the class that it is the number of, a name that is a number can only mean the name
    assert class_label("3", 3, NAMES) == 2
    assert class_label("1", 2, ("0", "1")) == 1
    with pytest.raises(
        RequestError, match=r"no class 'run'\. Expected a number from 0 to 3; the run folder has no names"
    ):
        class_label("run", 4, ())


def test_a_name_that_is_the_number_of_another_class_is_refused_and_both_can_be_written() -> None:
    names = ("walk", "3", "number:1", "jump")
    message = r"'3' may mean the class named '3' or class number 3, 'jump'\. Write name:3 or number:3\."
    with pytest.raises(RequestError, match=message):
        class_label("3", 4, names)
    written = ("name:3", "number:3", 3, "03", "jump", "number:1", "name:number:1", "name:walk", "number:02")
    assert [class_label(chosen, 4, names) for chosen in written] == [1, 3, 3, 3, 3, 1, 2, 0, 2]
    for wrong in ("name:jog", "number:4", "number:walk", "number:", "name:", "Name:walk"):
        with pytest.raises(RequestError, match="There is no class"):
            class_label(wrong, 4, names)


REQUEST = {"spec": "labelled+glide", "seed": 0, "options": {}, "environment": {"threads": 1}}


def test_the_names_are_those_of_the_request(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert class_names(folder, 3) == ()
    folder.claim(dict(REQUEST), {"classes": list(NAMES)})
    assert class_names(folder, 3) == NAMES
    folder.claim(dict(REQUEST), {"classes": ["Walk", "Run", "3"]})  # the case of names is no other data
    assert class_names(folder, 3) == NAMES
    spaced = ("high\u00a0jump", "long\tjump", "\u202epmuj")  # names of folders, which the console spells
    (tmp_path / "request.json").write_text(json.dumps(REQUEST | {"classes": spaced}))
    assert class_names(folder, 3) == spaced
    for wrong in ([*NAMES, "jump"], "abc", {"a": 1}, ["walk", "run", 3], ["walk", "run", "\x1b[2J"], 7):
        (tmp_path / "request.json").write_text(json.dumps(REQUEST | {"classes": wrong}))
        with pytest.raises(DamagedError, match="expected the names of 3 classes"):
            class_names(folder, 3)
