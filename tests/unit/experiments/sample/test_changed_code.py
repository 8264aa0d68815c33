"""``vidgen_bench.load`` warns if the code of the model is not the one that trained the weights."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
import torch

import vidgen_bench
from tests.kit.run_folders import begun, plan_of
from vidgen_bench.errors import CodeWarning, DamagedError
from vidgen_bench.training import checkpoint

OTHER = "0123456789abcdef"


@pytest.fixture(scope="module")
def now() -> dict[str, str]:
    return plan_of("tgan+ode1").code.packages


def trained_by(folder: Path, code: object) -> Path:
    """Write a run whose best checkpoint was trained by this code."""
    run = begun(folder / "run", "tgan+ode1")
    path = run / checkpoint.best_file(4)
    checkpoint.save(path, {"parts": torch.load(path, weights_only=True)["parts"], "code": code})
    return run


def said(run: Path) -> list[str]:
    """Return the warnings of loading a run."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        vidgen_bench.load(run, device="cpu")
    return [str(warning.message) for warning in caught if issubclass(warning.category, CodeWarning)]


def test_the_same_code_and_code_that_is_not_known_say_nothing(tmp_path: Path, now: dict[str, str]) -> None:
    assert said(trained_by(tmp_path / "same", now)) == []
    assert said(begun(tmp_path / "unknown", "tgan+ode1")) == []


def test_a_change_of_what_samples_do_not_depend_on_says_nothing(tmp_path: Path, now: dict[str, str]) -> None:
    changed = {"vidgen_bench.training": OTHER, "vidgen_bench.measure.metrics": OTHER}
    assert changed.keys() <= now.keys()
    assert said(trained_by(tmp_path, {**now, **changed})) == []


def test_other_code_of_the_model_is_named_on_one_line(tmp_path: Path, now: dict[str, str]) -> None:
    run = trained_by(tmp_path, {**now, "vidgen_temporal.ode": OTHER, "vidgen_bench.noise": OTHER})
    (text,) = said(run)
    weights = run / checkpoint.best_file(4)
    assert text.startswith(f"vidgen_bench.noise, vidgen_temporal.ode have changed since {weights} was trained: ")
    assert "\n" not in text


def test_a_plugin_that_another_package_provides_now_has_changed(tmp_path: Path, now: dict[str, str]) -> None:
    moved = {name: sha256 for name, sha256 in now.items() if name != "vidgen_temporal.ode"}
    (text,) = said(trained_by(tmp_path, {**moved, "vidgen_odes": OTHER}))
    assert text.startswith("vidgen_temporal.ode has changed since ")


def test_nonsense_in_its_place_is_damage(tmp_path: Path) -> None:
    run = trained_by(tmp_path, ["nonsense"])
    with pytest.raises(DamagedError, match="is damaged"):
        vidgen_bench.load(run, device="cpu")
