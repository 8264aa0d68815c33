"""Which packages take part in a run, and which parts of vidgen-bench count."""

from __future__ import annotations

import itertools
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from tests.kit.imports import imports_in, sources
from tests.kit.plugin_files import TEMPORAL, host_of
from vidgen_bench.host import code
from vidgen_bench.host.code import HARNESS, MEASURING, SAMPLING, code_of, version_in_caches
from vidgen_bench.host.host import Host, Origin

_NAMES = (f"weather{number}" for number in itertools.count())

NOT_COUNTED = {
    "faults", "files", "garbage", "hashed_files", "interrupt", "late_read", "library_errors", "lock_file", "npy_header", "observer",
    "open_files", "output_file", "parsing", "places", "provenance", "regular_files", "repeating", "source_hash", "streams",
    "this_process", "torch_zip", "waiting",
}  # fmt: skip
"""The modules of ``system`` that change no number: a new one is added here, or to HARNESS."""


ENTRY = """
from vidgen_bench import hookimpl
from {} import Still


@hookimpl
def vidgen_temporal():
    return [Still()]
"""
"""A module that declares what another one defines; its name is to be filled in."""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def installed(site: Path, module: str, source: str) -> Host:
    """Return the host of a temporal generator in this module."""
    path = site.joinpath(*module.split(".")).with_suffix(".py")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    return Host(((EntryPoint("clouds", module, "vidgen_bench"), Origin("clouds", "clouds-dist", "1.0")),))


def packages(host: Host) -> list[str]:
    return list(code_of(host.plugins, host, {}).packages)


def test_a_single_module_counts_alone(site: Path) -> None:
    name = next(_NAMES)
    host = host_of(site, **{name: TEMPORAL.format(name="still")})
    found = code_of(host.plugins, host, {})
    assert list(found.packages) == [name]
    assert found.owners[name] == f"temporal generator still of {name}-dist 1.0"


def test_a_package_counts_from_its_outermost_init_file(site: Path) -> None:
    """Folders above it without one may be shared with other distributions."""
    top = next(_NAMES)
    (site / top / "clouds" / "deep").mkdir(parents=True)
    for folder in ("clouds", "clouds/deep"):
        (site / top / folder / "__init__.py").touch()
    host = installed(site, f"{top}.clouds.deep.entry", TEMPORAL.format(name="still"))
    assert packages(host) == [f"{top}.clouds"]
    found = code_of(host.plugins, host, {}).sources[f"{top}.clouds"]
    assert found.newest == "deep/entry.py"


def test_the_package_of_the_declarations_class_counts_too(site: Path) -> None:
    entry, elsewhere = next(_NAMES), next(_NAMES)
    (site / f"{elsewhere}.py").write_text(TEMPORAL.format(name="still").split("@hookimpl")[0])
    host = installed(site, entry, ENTRY.format(elsewhere))
    assert packages(host) == sorted([entry, elsewhere])


def test_the_class_is_that_of_the_declaration_even_if_it_lacks_an_attribute(site: Path) -> None:
    """The default is then added around it, in a class of ours."""
    name, elsewhere = next(_NAMES), next(_NAMES)
    source = TEMPORAL.format(name="still").replace(
        "@dataclass(frozen=True)\nclass Still", "@dataclass(frozen=True, slots=True)\nclass Still"
    )
    lines = [line for line in source.split("@hookimpl")[0].splitlines() if not line.startswith("    variants")]
    (site / f"{elsewhere}.py").write_text("\n".join(lines))
    host = installed(site, name, ENTRY.format(elsewhere))
    assert type(host.plugins[0].declaration).__name__ == "Completed"
    assert packages(host) == sorted([name, elsewhere])


def test_cached_numbers_of_an_edited_plugin_have_another_name(site: Path) -> None:
    """An edit keeps the version, and what was measured with the earlier code must not be used again."""
    name = next(_NAMES)
    host = host_of(site, **{name: TEMPORAL.format(name="still")})
    before = version_in_caches(host.plugins[0], host)
    assert before == f"1.0+{code_of(host.plugins, host, {}).packages[name]}"
    with (site / f"{name}.py").open("a") as file:
        file.write("# edited\n")
    code._sources.cache_clear()  # as in another process
    assert version_in_caches(host.plugins[0], host) not in (before, "1.0")
    ours = Host.of_environment()
    shipped = ours.find("metric", "fid")
    assert version_in_caches(shipped, ours) == shipped.origin.version


def test_shipped_plugins_count_without_their_neighbours() -> None:
    host = Host.of_environment()
    chosen = [f for f in host.plugins if f.name in ("tgan-f", "ode2", "shapes", "c3d-shapes-64", "fid", "is-frozen")]
    assert len(chosen) == 6
    assert list(code_of(chosen, host, {}).packages) == [
        "vidgen_backbones.tgan",
        "vidgen_bench.data.shapes",
        "vidgen_bench.measure.instruments.c3d",
        "vidgen_bench.measure.metrics",
        "vidgen_temporal.ode",
    ]


def test_the_parts_of_the_harness_exist_and_sampling_is_one_of_them() -> None:
    root = Path(code.__file__).resolve().parents[1]
    for room, modules in HARNESS.items():
        assert (root / room).is_dir() or (root / f"{room}.py").is_file()
        assert all((root / room / f"{module}.py").is_file() for module in modules)
    assert SAMPLING.items() | MEASURING.items() <= HARNESS.items()
    assert {"training", "measure", "data", "integrate"} <= HARNESS.keys()
    assert not {"cli", "leaderboard", "launch", "records", "conformance", "host"} & HARNESS.keys()


def test_every_module_of_system_counts_or_changes_no_number() -> None:
    modules = {name.split(".")[2] for name in sources() if name.startswith("vidgen_bench.system.")}
    assert modules == {*HARNESS["system"], *NOT_COUNTED}
    assert not NOT_COUNTED & {*HARNESS["system"]}


def test_what_counts_imports_no_other_package_that_a_number_could_depend_on() -> None:
    """A package that training or measuring imports, and that is not listed, would change results unnoticed."""
    rooms = {name.split(".")[1] for name in sources() if name.startswith("vidgen_bench.") and name.count(".") >= 1}
    counted = {
        n
        for n in sources()
        if n.split(".")[:2] in (["vidgen_bench", room] for room in ("training", "measure", "compose"))
    }
    used = {name.split(".")[1] for n in counted for name in imports_in(n) if name.startswith("vidgen_bench.")} & rooms
    assert used >= {"api", "config", "system", "training"}
    assert used - HARNESS.keys() <= {"errors", "escaping", "host", "records", "version"}


def test_the_harness_is_read_fast_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(())
    first = code_of((), host)
    assert {name.removeprefix("vidgen_bench.") for name in first.packages} == HARNESS.keys()
    monkeypatch.setattr(code, "sources_of", lambda *place, **more: pytest.fail("read again"))
    assert code_of((), host).packages == first.packages


def test_a_module_without_a_file_has_no_hash(monkeypatch: pytest.MonkeyPatch, site: Path) -> None:
    name = next(_NAMES)
    host = host_of(site, **{name: TEMPORAL.format(name="still")})
    assert host.plugins
    monkeypatch.setattr(sys.modules[name].__spec__, "has_location", False)
    assert packages(host) == []
