"""The README is right: its runs compose, it names every shipped plugin, and CI runs its test command."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from vidgen_bench.compose.composition import compose
from vidgen_bench.compose.resolve import parse_given
from vidgen_bench.config.track import load_track, shipped_tracks
from vidgen_bench.host.host import Host

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
LINES = [line.split("#")[0].strip() for line in README.splitlines() if line.startswith("vidgen-bench ")]
OWN = {line.split()[3] for line in LINES if line.startswith("vidgen-bench plugins new ")}
"""Plugins that a reader creates on the way; tests/plugins/test_stranger.py runs those lines."""
RUNS = sorted(
    {line for line in LINES if line.startswith("vidgen-bench run ") and not OWN & set(re.split(r"[ +:]", line))}
)


def test_there_are_runs_to_check():
    assert len(RUNS) >= 6


@pytest.mark.parametrize("line", RUNS)
def test_a_run_of_the_readme_fits_together(line):
    words = shlex.split(line)
    after = {word: words[i + 1] for i, word in enumerate(words[:-1]) if word.startswith("--")}
    given = parse_given([after["--set"]] if "--set" in after else [])
    assert compose(words[2], load_track(after.get("--track", "shapes-smoke")), given, Host.of_environment())


def test_every_shipped_plugin_and_track_of_the_paper_is_named():
    host = Host.of_environment()
    ours = [
        f
        for kind in ("backbone", "temporal", "metric")
        for f in host.of(kind)
        if f.origin.distribution == "vidgen-bench"
    ]
    for found in ours:
        assert f"`{found.name}`" in README
    assert "shapes-smoke" in shipped_tracks()


def test_ci_runs_the_readmes_test_command():
    (command,) = re.findall(r"pip install -e '\.\[dev\]' && (\S+)", README)
    assert re.search(rf"^{command}( -q)?$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
