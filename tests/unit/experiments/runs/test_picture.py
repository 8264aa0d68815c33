"""The picture of traces: what it draws, and what it refuses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from tests.kit.record_files import EXTERNAL, record
from tests.kit.run_states import TRACE, begun_run, finished_run, traced
from vidgen_bench.errors import RequestError
from vidgen_bench.experiments.runs import picture
from vidgen_bench.experiments.runs.picture import check_drawable, measured_alike, write_picture
from vidgen_bench.experiments.runs.traces import RunTrace, read_traces


def words(svg: Path) -> list[str]:
    """Return the texts of an SVG, which matplotlib keeps as comments beside the outlines."""
    return re.findall(r"<!-- (.*?) -->", svg.read_text())


def drawn(tmp_path: Path, *folders: Path) -> list[str]:
    write_picture(read_traces(folders, tmp_path), (), tmp_path / "scores.svg")
    return words(tmp_path / "scores.svg")


def test_seeds_of_two_models_with_anchors(tmp_path: Path) -> None:
    folders = [finished_run(tmp_path, traced(spec, seed)) for spec in ("tgan+ode1", "tgan+ode2") for seed in (0, 1)]
    texts = drawn(tmp_path, *folders)
    assert {
        "tgan+ode1 (2 seeds)",
        "tgan+ode2 (2 seeds)",
        "IS (higher is better)",
        "FID (lower is better)",
        "iteration",
    } <= set(texts)
    assert any("real clips" in text for text in texts)
    assert any("plain noise" in text for text in texts)


def test_an_anchor_far_from_all_runs_is_named_at_the_edge(tmp_path: Path) -> None:
    assert any("plain noise 1.2e+03 ↑" in text for text in drawn(tmp_path, finished_run(tmp_path, traced())))


def test_one_model_has_a_line_per_seed_and_a_run_at_work_is_drawn_so_far(tmp_path: Path) -> None:
    one = finished_run(tmp_path, traced())
    two = begun_run(tmp_path / "test-64/tgan+ode1/seed-1", TRACE[:2])
    assert {"tgan+ode1/seed-0", "tgan+ode1/seed-1"} <= set(drawn(tmp_path, one, two))


def test_the_lines_have_the_values_of_the_trace(tmp_path: Path) -> None:
    traces = read_traces([finished_run(tmp_path, traced(diverged=True))], tmp_path)
    figure = picture._figure(traces, ["fid"])
    line = figure.axes[0].get_lines()[0]
    assert list(zip(*(values.tolist() for values in line.get_data()), strict=True)) == [(i, fid) for i, _, fid in TRACE]
    assert figure.axes[0].get_lines()[1].get_marker() == "x"


def test_names_from_elsewhere_are_texts(tmp_path: Path) -> None:
    folder = begun_run(tmp_path / "track" / "_$x^2$&<b>\x1b[31m" / "seed-0", TRACE)
    assert any("x^2$" in text for text in drawn(tmp_path, folder, finished_run(tmp_path, traced())))


def test_png_and_the_same_bytes_again(tmp_path: Path) -> None:
    traces = read_traces([finished_run(tmp_path, traced())], tmp_path)
    for name in ("a.PNG", "b.png", "a.svg", "b.svg"):
        write_picture(traces, ["fid"], tmp_path / name)
    with Image.open(tmp_path / "a.PNG") as image:
        assert image.format == "PNG"
        assert image.width > 900
    assert (tmp_path / "a.PNG").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_runs_that_were_measured_differently_have_no_anchors(tmp_path: Path) -> None:
    one, two = finished_run(tmp_path, traced()), begun_run(tmp_path / "b" / "seed-0", TRACE)
    traces = read_traces([one, two], tmp_path)
    assert measured_alike(traces)
    other = RunTrace(**{**vars(traces[1]), "measured_as": "other"})
    assert not measured_alike([traces[0], other])
    write_picture([traces[0], other], (), tmp_path / "scores.svg")
    assert not any("real clips" in text for text in words(tmp_path / "scores.svg"))


@pytest.mark.parametrize("name", ["scores.pdf", "scores", "png"])
def test_another_kind_of_file_is_refused(name: str) -> None:
    with pytest.raises(RequestError, match=r"expected a name that ends in \.png or \.svg"):
        check_drawable(Path(name))


def test_without_matplotlib_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "find_spec", lambda name: None)
    with pytest.raises(RequestError, match=r"pip install 'vidgen-bench\[plot\]'"):
        check_drawable(Path("scores.png"))


def test_a_metric_that_no_run_has_is_refused(tmp_path: Path) -> None:
    traces = read_traces([finished_run(tmp_path, traced())], tmp_path)
    with pytest.raises(RequestError, match=r"--metric fd: .* Did you mean 'fid'\?"):
        write_picture(traces, ["fd"], tmp_path / "scores.png")
    assert not (tmp_path / "scores.png").exists()


def test_runs_without_evaluations_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="it has none yet"):
        read_traces([begun_run(tmp_path / "a" / "seed-0")], tmp_path)
    with pytest.raises(RequestError, match="clips from elsewhere have none"):
        read_traces([finished_run(tmp_path, record("mine", **EXTERNAL))], tmp_path)
