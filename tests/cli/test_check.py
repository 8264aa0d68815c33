"""``vidgen-bench plugins check``: its report, its exit code, and a plugin's exceptions in a line."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from tests.kit.command import START, Command
from tests.kit.conformance import MODEL_CHECKS as CHECKS
from tests.kit.plugin_files import install

RIGHT = "from tests.kit.wrong.right import vidgen_backbones, vidgen_temporal"
WRONG = "from tests.kit.wrong.temporal import vidgen_temporal"

LOUD = """
from dataclasses import dataclass
from tests.kit.wrong.right import Glide
from vidgen_bench import hookimpl

@dataclass(frozen=True)
class Loud(Glide):
    def build(self, spec, options):
        print("hello from a plugin")
        return super().build(spec, options)

@hookimpl
def vidgen_temporal():
    return [Loud("loud")]
"""


SHELLING = (
    LOUD.replace("Loud", "Shelling")
    .replace('"loud"', '"shelling"')
    .replace('print("hello from a plugin")', '__import__("os").system("echo hello from a subprocess")')
)

QUITTING = """
from dataclasses import dataclass
from tests.kit.wrong.right import Glide
from vidgen_bench import hookimpl

@dataclass(frozen=True)
class Quitting(Glide):
    def refuses(self, spec, options):
        raise SystemExit(0)

@hookimpl
def vidgen_temporal():
    return [Quitting("quitting")]
"""

METRICS = "from tests.kit.wrong.metrics import vidgen_metrics"
PIXELS = "from vidgen_bench.measure.instruments.pixels import vidgen_instruments"

ROOT = Path(__file__).resolve().parents[2]

TRIED = [check for check in CHECKS if check.name not in ("labels", "null")]
"""The checks that apply to plugins that are neither class-conditional nor null models."""


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """An environment in which a small backbone and a few temporal generators, right and wrong, are installed."""
    site = tmp_path / "site"
    modules = {
        "small_right": RIGHT,
        "small_wrong": WRONG,
        "small_loud": LOUD,
        "small_shelling": SHELLING,
        "small_quitting": QUITTING,
        "small_broken": "import nothing_at_all",
    }
    install(site, "strange-small", **modules, small_metrics=METRICS, small_pixels=PIXELS)
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("VIDGEN_BENCH_PLUGINS", "strange-small")
    return Command(tmp_path, monkeypatch, capsys)


def test_a_plugin_that_conforms(command: Command) -> None:
    done = command("plugins", "check", "glide")
    assert (done.code, done.err) == (0, "")
    first, blank, *lines, last = done.out.splitlines()
    assert (first, blank) == ("glide in 2 pairs, at the reduced size", "")
    assert [line.split()[:2] for line in lines] == [["ok", check.name] for check in TRIED]
    assert all(check.asks in line for check, line in zip(TRIED, lines, strict=True))
    assert all(re.search(r"\d+\.\d s$", line) for line in lines)
    assert lines[2].split()[-4:-2] == ["2", "pairs"]
    assert lines[5].split()[-4:-2] == ["1", "pair"]
    assert re.fullmatch(rf"glide conforms: {len(TRIED)} checks, \d+ cases, \d+\.\d s\.", last)


def test_a_metric_is_tried_by_itself(command: Command) -> None:
    done = command("plugins", "check", "flicker")
    assert (done.code, done.err) == (0, "")
    first, _, *lines, last = done.out.splitlines()
    assert first == "flicker, with features drawn at random or clips of moving textures"
    tried = ["declaration", "features", "scores", "samples", "divergence", "needs"]
    assert [line.split()[:2] for line in lines] == [["ok", name] for name in tried]
    assert "pair" not in done.out
    assert last.startswith("flicker conforms: 6 checks, 6 cases, ")
    done = command("plugins", "check", "first-row")
    assert done.code == 1
    assert "first-row does not conform: 3 of 5 checks failed (scores, samples, divergence)." in done.out


def test_a_plugin_that_does_not(command: Command) -> None:
    done = command("plugins", "check", "mirrored")
    assert (done.code, done.err) == (1, "")
    lines = done.out.splitlines()
    (at,) = [i for i, line in enumerate(lines) if line.startswith("FAILED")]
    assert lines[at].split()[1] == "reversal"
    assert lines[at + 1] == "        tiny+mirrored"
    below = [line for line in lines[at:] if line.startswith(" " * 8)]
    assert "or do not declare 'before'." in " ".join(" ".join(below).split())
    assert below[-1] == "        checked in vidgen_bench.conformance.checks.reversal"
    assert lines[-1] == f"mirrored does not conform: 1 of {len(TRIED)} checks failed (reversal)."
    assert all(line == line.rstrip() and len(line) <= 120 for line in lines)


def test_an_exception_is_a_failed_check_reported_once(command: Command) -> None:
    done = command("plugins", "check", "raising")
    assert (done.code, done.err) == (1, "")
    text = "it raised ValueError: no such luck (at tests/kit/wrong/networks.py, line "
    assert done.out.count(text) == 1
    assert done.out.count("        tiny+raising: as in shapes\n") == done.out.count("FAILED") - 1 == 10


def test_texts_that_differ_in_numbers_only_are_reported_once(command: Command) -> None:
    done = command("plugins", "check", "squeezed", "--json")
    report = json.loads(done.out)
    from vidgen_bench.cli.plugins.check_view import CaseResult, _failures
    from vidgen_bench.conformance import cases

    case = next(c for c in cases("glide") if c.check == "shapes")
    results = [
        CaseResult(case, f"expected [2, {n}], not [{n}e-03] at line {line}", 0.1)
        for n, line in ((1, 7), (25, 7), (3, 8))
    ]
    text = _failures(results, {}, 100).plain
    assert report["conforms"] is False
    assert text.count("expected") == 2
    assert "expected [2, 1], not [1e-03] at line 7" in text
    assert "at line 8" in text


def test_the_report_as_json(command: Command) -> None:
    done = command("plugins", "check", "mirrored", "--json")
    assert done.code == 1
    report = json.loads(done.out)
    assert (report["name"], report["conforms"]) == ("mirrored", False)
    checks = {check["name"]: check for check in report["checks"]}
    assert list(checks) == [check.name for check in TRIED]
    (case,) = checks["reversal"]["cases"]
    assert (case["subject"], case["passed"]) == ("tiny+mirrored", False)
    assert "smooth" in case["text"]
    assert case["seconds"] >= 0.0
    assert all(
        c["passed"] and c["text"] == "" for n, check in checks.items() if n != "reversal" for c in check["cases"]
    )


def test_what_a_plugin_prints_does_not_spoil_the_report(command: Command) -> None:
    done = command("plugins", "check", "loud", "--json")
    assert (done.code, json.loads(done.out)["conforms"]) == (0, True)
    assert "hello from a plugin" in done.err


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "glide2",
            "There is no backbone, temporal generator, launcher or metric named 'glide2'. Did you mean 'glide'? Valid: ",
        ),
        ("my-ode", "Install the package of the plugin first: `pip install -e my-ode`."),
        (
            "tiny+glide",
            "'tiny+glide' is a spec; expected the name of one plugin, such as 'glide', which is checked in every pair",
        ),
        ("tiny+glide:wide", "expected the name of one plugin, such as 'glide'"),
        ("my-ode:free", "'my-ode:free' is a spec; expected the name of one plugin, such as 'my-ode'"),
        (
            "pixels",
            "'pixels' is an instrument; only backbones, temporal generators, launchers and metrics can be checked.",
        ),
        (
            "small_broken",
            "'small_broken' cannot be used: strange-small 1.0 (entry point 'small_broken') is broken: ",
        ),
    ],
)
def test_a_name_that_cannot_be_checked(command: Command, name: str, words: str) -> None:
    done = command("plugins", "check", name)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_one_check_and_one_partner(command: Command) -> None:
    done = command("plugins", "check", "glide", "--only", "shapes", "--only", "declaration", "--with", "tiny")
    assert (done.code, done.err) == (0, "")
    lines = [line.split()[:2] for line in done.out.splitlines() if line.startswith("ok")]
    assert lines == [["ok", "declaration"], ["ok", "shapes"]]
    assert "glide passes what was chosen: 2 checks, " in done.out
    assert "conforms" not in done.out
    found = json.loads(command("plugins", "check", "glide", "--only", "declaration", "--json").out)
    assert (found["whole"], [check["name"] for check in found["checks"]]) == (False, ["declaration"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--only", "shape"), "Nothing is checked of glide under the name 'shape'. Did you mean 'shapes'?"),
        (("--with", "tinny"), "glide has no pair with 'tinny'. Did you mean 'tiny'?"),
        (("--with", "glide"), "glide has no pair with 'glide'."),
    ],
)
def test_a_check_or_a_partner_that_it_does_not_have(command: Command, options: tuple[str, str], words: str) -> None:
    done = command("plugins", "check", "glide", *options)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_ctrl_c_ends_it(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.kit.wrong.networks import Glide

    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Glide, "forward", interrupted)
    done = command("plugins", "check", "glide")
    assert done.code == 130
    assert done.out.count("\nok") == 2
    assert done.err == "Stopped in shapes[tiny+glide].\n"


def test_ctrl_c_while_plugins_load(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("vidgen_bench.conformance.cases", interrupted)
    done = command("plugins", "check", "glide")
    assert (done.code, done.out, done.err) == (130, "", "Stopped before the first check.\n")


def test_a_terminal_shows_the_running_case_until_it_ends() -> None:
    from rich.console import Console

    from vidgen_bench.cli.plugins.check_view import CurrentCase
    from vidgen_bench.conformance import cases

    case = next(c for c in cases("vgan") if c.check == "shapes")
    for terminal in (True, False):
        stream = io.StringIO()
        current = CurrentCase(Console(file=stream, force_terminal=terminal, color_system=None, width=60, markup=False))
        assert current.case is None
        with current.of(case):
            assert stream.getvalue() == ("shapes[vgan] ...\r" if terminal else "")
        assert stream.getvalue() == ("shapes[vgan] ...\r\r\x1b[2K" if terminal else "")
        assert current.case is case


def test_what_a_subprocess_writes_does_not_spoil_the_json(command: Command) -> None:
    site = str(command.folder / "site")
    start = f"import sys; sys.path[:0] = [{site!r}, {str(ROOT)!r}]; {START}"
    done = command.spawn("plugins", "check", "shelling", "--json", start=start, VIDGEN_BENCH_PLUGINS="strange-small")
    assert (done.code, json.loads(done.out)["conforms"]) == (0, True)
    assert "hello from a subprocess" in done.err


def test_a_plugin_that_ends_the_process_is_reported(command: Command) -> None:
    done = command("plugins", "check", "quitting")
    assert done.code == 1
    assert "FAILED" in done.out
    assert "failed: SystemExit: 0" in " ".join(done.out.split())
    assert "quitting does not conform" in done.out
