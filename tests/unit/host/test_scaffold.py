"""The package that `plugins new` writes: its names, its files, and that it is written whole or not at all."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.kit.plugin_files import TEMPORAL, host_of
from vidgen_bench.api import API, Clip
from vidgen_bench.errors import RequestError, VidgenBenchError
from vidgen_bench.host.declarations import complete, fault
from vidgen_bench.host.host import Host
from vidgen_bench.host.scaffold import package
from vidgen_bench.host.scaffold.names import Names, checked_names
from vidgen_bench.host.scaffold.package import PluginKind, commands, write_package
from vidgen_bench.noise import sampling_noise
from vidgen_bench.version import __version__

PROJECT = Path(__file__).resolve().parents[3]
KINDS: tuple[PluginKind, ...] = ("temporal", "backbone")
NOBODY = Host(())

each_kind = pytest.mark.parametrize("kind", KINDS)


def written(name: str, kind: PluginKind, into: Path) -> Path:
    return write_package(checked_names(name, kind, NOBODY), kind, into)


def test_names_of_distribution_and_module_follow() -> None:
    assert checked_names("my-ode", "temporal", NOBODY) == Names("my-ode", "vidgen-my-ode", "vidgen_my_ode")
    assert checked_names("3d.gan_2", "backbone", NOBODY) == Names("3d.gan_2", "vidgen-3d.gan_2", "vidgen_3d_gan_2")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("My ODE!", ["'My ODE!' is not a valid plugin name", "lower-case", "Use 'my-ode'."]),
        ("tgan+ode1", ["is not a valid plugin name", "Use 'tgan-ode1'."]),
        ("my-", ["first and last", "Use 'my'."]),
        ("_", ["is not a valid plugin name", "first and last."]),
        ("", ["'' is not a valid plugin name"]),
        ("../up", ["is not a valid plugin name", "Use 'up'."]),
        ("class", ["a Python keyword", "'my-class'"]),
        ("lambda", ["a Python keyword"]),
        ("bench", ["would be named vidgen_bench", "'my-bench'"]),
        ("temporal", ["would be named vidgen_temporal"]),
    ],
)
@each_kind
def test_a_name_that_cannot_be_is_refused_with_another(name: str, words: list[str], kind: PluginKind) -> None:
    with pytest.raises(RequestError) as refused:
        checked_names(name, kind, NOBODY)
    assert all(word in str(refused.value) for word in words), refused.value


def test_the_name_of_a_plugin_of_this_kind_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    host = host_of(tmp_path, scaffold_still=TEMPORAL.format(name="still"))
    with pytest.raises(RequestError) as refused:
        checked_names("still", "temporal", host)
    assert "There is already a temporal generator 'still': scaffold_still-dist 1.0" in str(refused.value)
    assert "'my-still'" in str(refused.value)
    assert "pip uninstall scaffold_still-dist" in str(refused.value)
    assert checked_names("still", "backbone", host).plugin == "still"
    with pytest.raises(RequestError, match=r"'conv1d': vidgen-bench .*Choose another name, such as 'my-conv1d'\.$"):
        checked_names("conv1d", "temporal", Host.of_environment())


@each_kind
def test_every_template_is_used_and_every_blank_filled(kind: PluginKind, tmp_path: Path) -> None:
    folder = written("my-thing", kind, tmp_path)
    texts = {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()}
    assert set(texts) >= {
        "pyproject.toml", "README.md", ".gitignore", ".github/workflows/test.yml", "tests/test_conformance.py",
        "vidgen_my_thing/__init__.py", "vidgen_my_thing/network.py",
    }  # fmt: skip
    for path, text in texts.items():
        assert re.findall(r"\{\{\w+\}\}", text) == [], path
        assert "http" not in text, path
        assert text.endswith("\n")
        assert not text.endswith("\n\n"), path
    assert not list(tmp_path.glob(".*"))


def test_no_template_lies_unused() -> None:
    root = Path(package.__file__).parent / "templates"
    there = {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()}
    parts = {f"{kind}/{part}.txt" for kind in KINDS for part in ("commands", "what", "changes")}
    assert there == {name for kind in KINDS for name in package._TEMPLATES[kind].values()} | parts


@each_kind
def test_the_project_file_names_the_entry_point_and_what_is_needed(kind: PluginKind, tmp_path: Path) -> None:
    folder = written("my.thing", kind, tmp_path)
    project = tomllib.loads((folder / "pyproject.toml").read_text())
    assert project["project"]["name"] == "vidgen-my.thing"
    assert project["project"]["entry-points"]["vidgen_bench"] == {"my.thing": "vidgen_my_thing"}
    assert project["project"]["dependencies"] == [f"vidgen-bench>={__version__}", "torch>=2.6"]
    assert project["project"]["optional-dependencies"] == {"test": ["pytest>=8"]}
    ours = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["ruff"]
    theirs = project["tool"]["ruff"]
    assert theirs["lint"]["select"] == ours["lint"]["select"]
    assert theirs["line-length"] == ours["line-length"]


@pytest.mark.parametrize("name", ["a", "my-ode", "a-name-that-is-rather-long-for-a-plugin"])
def test_ruff_finds_nothing(name: str, tmp_path: Path) -> None:
    for kind in KINDS:
        written(name, kind, tmp_path / kind)
    for settings in ([], ["--config", str(PROJECT / "pyproject.toml")]):
        for what in (["check"], ["format", "--check"]):
            command = [sys.executable, "-m", "ruff", *what, "--no-cache", *settings, "."]
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, done.stdout + done.stderr


@each_kind
def test_what_is_yours_to_change_is_marked_and_everything_has_types(kind: PluginKind, tmp_path: Path) -> None:
    folder = written("my-thing", kind, tmp_path)
    for path in folder.glob("vidgen_my_thing/*.py"):
        text = path.read_text()
        assert "# change:" in text, path
        for part in ast.walk(ast.parse(text)):
            if isinstance(part, ast.FunctionDef):
                assert part.returns is not None, (path, part.name)
    assert (folder / "tests" / "test_conformance.py").read_text().splitlines() == [
        "from vidgen_bench.conformance import conformance_test",
        "",
        'test_conformance = conformance_test("my-thing")',
    ]


@each_kind
def test_the_workflow_installs_and_tests(kind: PluginKind, tmp_path: Path) -> None:
    text = (written("my-thing", kind, tmp_path) / ".github" / "workflows" / "test.yml").read_text()
    steps = re.findall(r"- (?:uses|run): (.+)", text)
    assert [s.split("@")[0] for s in steps] == [
        "actions/checkout", "actions/setup-python", "pip install vidgen-bench", "pip install -e '.[test]'", "pytest",
    ]  # fmt: skip
    assert "${{ matrix.python }}" in text


def test_the_commands_can_be_copied() -> None:
    names = checked_names("my-ode", "temporal", NOBODY)
    lines = commands(names, "temporal", Path("a b/my-ode"))
    assert lines[0] == "pip install -e 'a b/my-ode'"
    assert lines[1] == "vidgen-bench plugins check my-ode"
    assert "run tgan+my-ode --budget iterations=3" in lines[2]
    assert "vidgen-bench run my-ode --budget iterations=3" in commands(names, "backbone", Path("my-ode"))


@each_kind
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_package_is_written_whole_or_not_at_all(
    kind: PluginKind, error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, write, seen = checked_names("my-ode", kind, NOBODY), Path.write_text, []

    def failing(path: Path, *arguments: Any, **more: Any) -> int:
        seen.append(path)
        if len(seen) == 4:
            raise error
        return write(path, *arguments, **more)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", failing)
        with pytest.raises((VidgenBenchError, KeyboardInterrupt)) as stopped:
            write_package(names, kind, tmp_path)
    assert isinstance(error, KeyboardInterrupt) or "No space left" in str(stopped.value)
    assert seen
    assert list(tmp_path.iterdir()) == []
    assert write_package(names, kind, tmp_path).is_dir()


def test_what_is_there_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "my-ode").mkdir()
    with pytest.raises(RequestError, match="exists already"):
        written("my-ode", "temporal", tmp_path)
    assert list(tmp_path.rglob("*")) == [tmp_path / "my-ode"]
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    with pytest.raises(RequestError, match="exists already"):
        written("gone", "temporal", tmp_path)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(RequestError, match="this is a file"):
        written("other", "temporal", tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def imported(name: str, kind: PluginKind, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Write a package and return the declaration that it brings."""
    monkeypatch.syspath_prepend(written(name, kind, folder))
    module = importlib.import_module(f"vidgen_{name}")
    (declaration,) = getattr(module, "vidgen_temporal" if kind == "temporal" else "vidgen_backbones")()
    return declaration


@each_kind
def test_the_declaration_is_sound_and_for_this_api(
    kind: PluginKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declaration = complete(kind, imported(f"sound{kind}", kind, tmp_path, monkeypatch))
    assert fault(kind, declaration) is None
    assert declaration.api == API


@pytest.mark.parametrize(("size", "frames"), [(8, 2), (8, 5), (16, 3), (32, 8), (64, 16), (128, 2)])
def test_the_backbone_takes_any_length_at_any_power_of_two(
    size: int, frames: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declaration = imported(f"rendering{size}x{frames}", "backbone", tmp_path, monkeypatch)
    clip, options = Clip(frames, size, 2), declaration.options(width=1, latent=4, content=4, batch=2)
    assert declaration.refuses(clip, options) is None
    spec = declaration.latent(clip, options)

    class Still(torch.nn.Module):
        def forward(self, z0: torch.Tensor, times: tuple[float, ...], noise: Any) -> torch.Tensor:
            return z0[:, None].expand(-1, len(times), -1)

    game = declaration.build(clip, options, Still())
    noise = sampling_noise(0, "test", torch.arange(2))
    assert spec.shape == (4,)
    for times in (clip.grid, (-0.5, 0.0, 0.1, 1.0, 2.0)):
        clips = game.draw(noise, times)
        assert clips.shape == (2, 3, len(times), size, size)
        assert game.parts["discriminator"](clips).shape == (2,)


@pytest.mark.parametrize(
    ("clip", "words"), [(Clip(16, 48, 2), "not 48"), (Clip(16, 4, 2), "not 4"), (Clip(1, 64, 2), "2 frames")]
)
def test_the_backbone_says_what_it_cannot_take(
    clip: Clip, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declaration = imported(f"refusing{clip.size}x{clip.frames}", "backbone", tmp_path, monkeypatch)
    assert words in declaration.refuses(clip, declaration.options())
