"""The plugin host: isolation, look-up, clashes, and its messages about broken plugins."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.plugin_files import METRIC, TEMPORAL, host_of, install
from vidgen_bench.errors import PluginError, RequestError
from vidgen_bench.host.host import ALLOW_LIST, Clash, Host, Origin


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on ``sys.path``; modules imported from it are removed afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


BROKEN = {
    "import error": ("import no_such_package_here", "ModuleNotFoundError: No module named 'no_such_package_here'"),
    "base exception at import": ("class X(BaseException): pass\nraise X('mine')", "X: mine"),
    "generator exit at import": ("raise GeneratorExit", "GeneratorExit"),
    "end of the process at import": ("import os; os._exit(0)", "EndedProcess: it called os._exit(0)"),
    "end of the process in a hook": (
        "from os import _exit\nfrom vidgen_bench import hookimpl\n@hookimpl\ndef vidgen_metrics():\n    _exit(3)",
        "EndedProcess: it called os._exit(3)",
    ),
    "endless recursion": ("def f(): f()\nf()", "RecursionError: "),
    "a message that fails": (
        "class X(Exception):\n    def __str__(self): raise ValueError\nraise X",
        "X: its message cannot be shown",
    ),
    "syntax error": ("def f(:\n", "SyntaxError: "),
    "exit at import": ("import sys; sys.exit('I leave')", "SystemExit: I leave"),
    "exception at import": ("raise ValueError('two\\nlines')", "ValueError: two lines"),
    "exception in a hook": (
        "from vidgen_bench import hookimpl\n@hookimpl\ndef vidgen_metrics():\n    raise RuntimeError('no GPU')",
        "RuntimeError: no GPU",
    ),
    "misspelt hook": (
        "from vidgen_bench import hookimpl\n@hookimpl\ndef vidgen_metrix():\n    return []",
        "unknown hook 'vidgen_metrix'",
    ),
    "no hook": ("x = 1", "it implements no hook; expected a function marked @hookimpl named one of vidgen_backbones, "),
    "unmarked hook": ("def vidgen_metrics():\n    return []", "it implements no hook"),
    "hook with an argument": (
        "from vidgen_bench import hookimpl\n@hookimpl\ndef vidgen_metrics(config):\n    return []",
        "config",
    ),
    "hook that returns no list": (
        "from vidgen_bench import hookimpl\n@hookimpl\ndef vidgen_metrics():\n    return 3",
        "TypeError: ",
    ),
    "declaration without a name": (
        "from vidgen_bench import hookimpl\n@hookimpl\ndef vidgen_metrics():\n    return [object()]",
        "hook vidgen_metrics: <object object at",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_reported_and_the_others_load(folder: Path, name: str) -> None:
    source, cause = BROKEN[name]
    host = host_of(folder, first=METRIC.format(name="m1"), bad=source, last=METRIC.format(name="m2"))
    assert [f.name for f in host.plugins] == ["m1", "m2"]
    (broken,) = host.broken
    assert broken.origin.entry_point == "bad"
    assert cause in broken.cause
    assert "\n" not in broken.cause


def test_a_broken_plugin_asked_for_by_name_gives_its_cause(folder: Path) -> None:
    host = host_of(folder, kid="import no_such_package_here", good=METRIC.format(name="m1"))
    with pytest.raises(PluginError) as caught:
        host.find("metric", "kid")
    assert str(caught.value) == (
        "The metric 'kid' cannot be used: kid-dist 1.0 (entry point 'kid') is broken: "
        "ModuleNotFoundError: No module named 'no_such_package_here'"
    )


def test_a_broken_plugin_is_found_by_the_names_it_declared_and_not_by_words_of_its_cause(folder: Path) -> None:
    faulty = METRIC.format(name="m1").replace(
        "return [Metric()]", 'return [Metric(), Metric(name="m2", better="up"), Metric(name="m3")]'
    )
    host = host_of(folder, bundle=faulty, other="raise ValueError(\"no 'm4' here\")")
    bundle, other = host.broken
    assert bundle.declares == ("m1", "m2")
    assert other.declares == ()
    for name in ("m1", "m2", "bundle"):
        with pytest.raises(
            PluginError, match=f"The metric '{name}' cannot be used: bundle-dist.*metric 'm2': 'better' is 'up'"
        ):
            host.find("metric", name)
    for name in ("m3", "m4", "up"):
        with pytest.raises(RequestError, match=f"There is no metric named '{name}'"):
            host.find("metric", name)


@pytest.mark.parametrize(
    ("distributions", "advice"),
    [
        (["vidgen-bench", "evil"], "Uninstall evil, with `pip uninstall evil`, or set"),
        (["b", "a", "vidgen-bench"], "Uninstall one of these packages, as with `pip uninstall a`, or set"),
        (["vidgen-bench", "vidgen-bench"], "). Set"),
    ],
)
def test_nobody_is_told_to_uninstall_vidgen_bench(distributions: list[str], advice: str) -> None:
    said = str(Clash("metric", "same", tuple(Origin(f"at{n}", name, "1") for n, name in enumerate(distributions))))
    assert f"{advice} {ALLOW_LIST} to the plugins you want." in said
    assert "uninstall vidgen-bench" not in said


def test_an_unknown_name_mentions_the_broken_plugins(folder: Path) -> None:
    host = host_of(folder, bundle="raise ValueError", good=METRIC.format(name="m1"))
    with pytest.raises(RequestError, match=r"There is no metric named 'm2'.*'m1'.*Broken plugins.*bundle-dist 1\.0"):
        host.find("metric", "m2")


def test_an_unknown_name_gets_the_nearest_and_where_else_it_is_known(folder: Path) -> None:
    host = host_of(folder, a=METRIC.format(name="sharpness"), b=TEMPORAL.format(name="still"))
    with pytest.raises(RequestError) as caught:
        host.find("metric", "sharpnes")
    assert str(caught.value) == "There is no metric named 'sharpnes'. Did you mean 'sharpness'? Valid: sharpness."
    with pytest.raises(RequestError, match=r"\('still' is a temporal generator\.\)"):
        host.find("metric", "still")


def test_one_name_may_serve_two_kinds(folder: Path) -> None:
    host = host_of(folder, a=METRIC.format(name="both"), b=TEMPORAL.format(name="both"))
    assert host.find("metric", "both").origin.entry_point == "a"
    assert host.find("temporal", "both").origin.entry_point == "b"
    assert host.clashes() == []


def test_a_clash_names_both_distributions(folder: Path) -> None:
    host = host_of(
        folder, one=METRIC.format(name="same"), two=METRIC.format(name="same"), other=METRIC.format(name="other")
    )
    (clash,) = host.clashes()
    assert (clash.kind, clash.name) == ("metric", "same")
    assert [origin.entry_point for origin in clash.origins] == ["one", "two"]
    assert str(clash).startswith(
        "Several plugins declare the metric 'same': one-dist 1.0 (entry point 'one') and two-dist 1.0 (entry point 'two')."
    )
    assert str(clash).endswith(
        f"Uninstall one of these packages, as with `pip uninstall one-dist`, or set {ALLOW_LIST} to the plugins you want."
    )
    with pytest.raises(PluginError) as caught:
        host.find("metric", "same")
    assert str(caught.value) == str(clash)
    assert host.find("metric", "other").name == "other"


def test_nothing_is_imported_before_it_is_asked_for(folder: Path) -> None:
    host = host_of(folder, lazy=METRIC.format(name="m1"))
    assert "lazy" not in sys.modules
    assert host.find("metric", "m1").name == "m1"
    assert "lazy" in sys.modules


def test_ctrl_c_while_loading_is_not_swallowed(folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        _ = host_of(folder, stopped="raise KeyboardInterrupt").plugins


@pytest.fixture
def two_distributions(folder: Path) -> Path:
    """Two installed distributions, one of them with two entry points."""
    install(
        folder,
        "vidgen-strange",
        "2.5",
        strange_still=TEMPORAL.format(name="still"),
        strange_metric=METRIC.format(name="odd"),
    )
    install(folder, "other-plugin", "0.1", other_metric=METRIC.format(name="even"))
    return folder


def _names(allowed: str, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    monkeypatch.setenv(ALLOW_LIST, allowed)
    return [(f.name, f.origin.distribution, f.origin.version) for f in Host.of_environment().plugins]


def test_installed_distributions_are_found(two_distributions: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _names("vidgen-strange,other-plugin", monkeypatch) == [
        ("even", "other-plugin", "0.1"),
        ("odd", "vidgen-strange", "2.5"),
        ("still", "vidgen-strange", "2.5"),
    ]


def test_the_allow_list_takes_distributions_and_entry_points(
    two_distributions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [n for n, _, _ in _names("other-plugin", monkeypatch)] == ["even"]
    assert [n for n, _, _ in _names(" strange_still , other_metric,", monkeypatch)] == ["even", "still"]
    assert _names("nobody", monkeypatch) == []


def test_what_is_not_allowed_is_not_imported(two_distributions: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _names("strange_still", monkeypatch)
    assert "strange_still" in sys.modules
    assert not {"strange_metric", "other_metric"} & set(sys.modules)


def test_without_an_allow_list_all_are_considered(two_distributions: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    everyone = {"strange_still", "strange_metric", "other_metric"}
    monkeypatch.delenv(ALLOW_LIST, raising=False)
    assert everyone <= {f.origin.entry_point for f in Host.of_environment().plugins}


def test_our_own_plugins_load_and_none_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ALLOW_LIST, "vidgen-bench")
    host = Host.of_environment()
    assert host.broken == []
    assert host.clashes() == []
    assert {"tgan", "conv1d", "ode1", "ode2", "ode3", "sde", "is", "fid", "shapes", "ucf101", "c3d-shapes"} <= {
        f.name for f in host.plugins
    }


def test_ctrl_c_while_a_plugin_is_loaded_stays_ctrl_c(folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        _ = host_of(folder, slow="raise KeyboardInterrupt").plugins
