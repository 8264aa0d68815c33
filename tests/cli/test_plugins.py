"""``vidgen-bench plugins``: listing, pages, and broken and clashing plugins."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from tests.kit.command import Command
from tests.kit.plugin_files import METRIC, TEMPORAL, install
from tests.kit.toy_declarations import Painter, Table, Walk
from vidgen_bench.cli.plugins.page import page, shown_name

THIRD_PARTY = "strange-good,strange-bad,strange-twin,strange-loud"


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path, monkeypatch, capsys)


@pytest.fixture
def third_party(tmp_path: Path) -> dict[str, str]:
    """An environment in which four third-party distributions and ours are installed."""
    site = tmp_path / "site"
    install(site, "strange-good", "2.5", good_still=TEMPORAL.format(name="still"), good_odd=METRIC.format(name="odd"))
    install(site, "strange-bad", "0.1", bad_exit="import sys\nsys.exit(3)", bad_syntax="def f(:", bad_hook=_misspelt())
    install(site, "strange-twin", "7", twin=METRIC.format(name="odd"))
    install(site, "strange-loud", "1", loud="print('hello from a plugin')\n" + METRIC.format(name="still"))
    return {"PYTHONPATH": str(site), "VIDGEN_BENCH_PLUGINS": THIRD_PARTY}


def _misspelt() -> str:
    return "from vidgen_bench import hookimpl\n@hookimpl\ndef vidgen_metric():\n    return []\n"


@pytest.fixture
def only_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDGEN_BENCH_PLUGINS", "vidgen-bench")


@pytest.mark.usefixtures("only_ours")
def test_the_list_shows_what_each_can_and_where_it_comes_from(command: Command) -> None:
    done = command("plugins")
    assert (done.code, done.err) == (0, "")
    text = " ".join(done.out.split())
    for part in (
        "backbones dvd-gan", "tgan Wasserstein GAN", "temporal generators", "can between, before, after", "stochastic",
        "training frames only", "metrics",
        "instruments", "data sets", "pairings mocogan+", "vidgen-bench 0.1.0", "Gordon and Parde", "own temporal generator conv1d",
    ):  # fmt: skip
        assert part in text, part
    assert "broken" not in text


@pytest.mark.usefixtures("only_ours")
def test_json_has_every_fact(command: Command) -> None:
    listing = json.loads(command("plugins", "--json").out)
    assert listing["broken"] == listing["clashes"] == []
    plugins = {(p["kind"], p["name"]): p for p in listing["plugins"]}
    sde = plugins["temporal", "sde"]
    assert (sde["can"], sde["stochastic"], sde["distribution"], sde["version"]) == (
        ["between", "after"],
        True,
        "vidgen-bench",
        "0.1.0",
    )
    assert plugins["backbone", "tgan"]["can"] == ["between", "before", "after"]
    assert plugins["backbone", "tgan"]["own"] == "conv1d"
    assert plugins["temporal", "ode2"]["sets"] == {"order": 2}
    assert plugins["metric", "fid"]["better"] == "lower"
    assert plugins["pairing", "mocogan+ode2"]["sets"] == {"temporal.hidden": 49, "temporal.embedding": False}
    assert all(p["reference"] and p["version"] for p in listing["plugins"])


@pytest.mark.usefixtures("only_ours")
def test_the_grid_says_what_works_and_why_not(command: Command) -> None:
    done = command("plugins", "--matrix")
    assert (done.code, done.err) == (0, "")
    rows = {words[0]: words[1:] for line in done.out.splitlines() if (words := line.split())}
    columns = done.out.splitlines()[1].split()
    cells = {name: dict(zip(columns, words, strict=False)) for name, words in rows.items()}
    assert {"mocogan", "tgan", "tgan-f", "tganv2", "moflowgan", "vdm-small", "vgan"} <= set(columns)
    assert (cells["gru"]["mocogan"], cells["gru"]["tgan"], cells["convlstm"]["tganv2"]) == ("own", "yes", "own")
    assert {cells["ode3"][name] for name in ("mocogan", "tgan", "tgan-f", "tganv2", "dvd-gan", "moflowgan")} == {"yes"}
    assert set(rows["(alone)"]) == {"yes"}
    number = cells["conv1d"]["tganv2"].strip("()")
    assert f"{number} conv1d refuses the latent of tganv2: it emits vectors (d,)" in " ".join(done.out.split())


@pytest.mark.usefixtures("only_ours")
def test_the_grid_as_json_for_the_clips_of_a_track(command: Command) -> None:
    grid = json.loads(command("plugins", "--matrix", "--track", "ucf101-192-paper", "--json").out)
    assert grid["track"] == "ucf101-192-paper"
    pairs = {p["spec"]: p for p in grid["pairs"]}
    assert (pairs["tganv2+convlstm"]["works"], pairs["tganv2+convlstm"]["own"]) == (True, True)
    assert (pairs["tganv2+ode1"]["works"], pairs["tganv2+ode1"]["own"]) == (True, False)
    assert "doubled" in pairs["tgan+ode1"]["reason"]
    assert not pairs["tgan+ode1"]["works"]


@pytest.mark.usefixtures("only_ours")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--track", "shapes-64"], "--track needs --matrix"),
        (["--matrix", "show", "ode1"], "do not go with a subcommand"),
        (["--matrix", "--track", "shapes-65"], "Did you mean 'shapes-64'"),
    ],
)
def test_the_grid_is_a_call_of_its_own(command: Command, arguments: list[str], message: str) -> None:
    done = command("plugins", *arguments)
    assert done.code == 2
    assert message in done.err


def test_a_grid_without_backbones_says_so(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDGEN_BENCH_PLUGINS", "ode,shapes,c3d,inception-score,frechet-distance")
    done = command("plugins", "--matrix")
    assert (done.code, done.out) == (2, "")
    assert "No backbone is loaded" in done.err


@pytest.mark.usefixtures("only_ours")
def test_a_page_has_options_with_types_defaults_and_help(command: Command) -> None:
    done = command("plugins", "show", "ode2")
    assert done.code == 0
    text = " ".join(done.out.split())
    for part in (
        "ode2 temporal generator", "options: --set temporal.NAME=VALUE", "order 2 (by name)", "hidden none", "embedding true", "integer or",
        "variants", "ode2:single", "ode2:equal hidden=equal",
    ):  # fmt: skip
        assert part in text, part
    assert "options: --set backbone.NAME=VALUE" in command("plugins", "show", "tgan").out


@pytest.mark.usefixtures("only_ours")
def test_a_page_as_json(command: Command) -> None:
    (page,) = json.loads(command("plugins", "show", "ode1", "--json").out)
    options = {o["name"]: o for o in page["options"]}
    assert options["embedding"]["default"] is True
    assert options["embedding"]["type"] == "true or false"
    assert all(o["help"] for o in page["options"])
    assert page["variants"]["equal"] == {"hidden": "equal"}


@pytest.mark.usefixtures("only_ours")
@pytest.mark.parametrize("name", ["fid", "shapes", "c3d-shapes", "mocogan+ode2"])
def test_every_kind_has_a_page(command: Command, name: str) -> None:
    done = command("plugins", "show", name)
    assert done.code == 0
    assert done.out.startswith(f"{name}  ")


@pytest.mark.usefixtures("only_ours")
def test_an_unknown_name_gets_the_nearest(command: Command) -> None:
    done = command("plugins", "show", "tgann")
    assert done.code == 2
    assert done.err.startswith("error: There is no plugin named 'tgann'. Did you mean 'tgan'? Valid: ")


def test_broken_plugins_and_clashes_are_listed_and_the_code_is_0(command: Command, third_party: dict[str, str]) -> None:
    done = command.spawn("plugins", **third_party)
    assert done.code == 0, done.err
    text = " ".join(done.out.split())
    for part in (
        "still every frame is the first can between, after · stochastic · variants wide · strange-good 2.5 · nobody, 2024",
        "broken strange-bad 0.1 (entry point 'bad_exit') SystemExit: 3",
        "strange-bad 0.1 (entry point 'bad_syntax') SyntaxError: ",
        "strange-bad 0.1 (entry point 'bad_hook') PluginValidationError: unknown hook 'vidgen_metric'",
        "clashes Several plugins declare the metric 'odd': "
        "strange-good 2.5 (entry point 'good_odd') and strange-twin 7 (entry point 'twin').",
        f"Only the plugins in VIDGEN_BENCH_PLUGINS={THIRD_PARTY} are loaded.",
    ):
        assert part in text, part


def test_what_a_plugin_prints_does_not_spoil_json(command: Command, third_party: dict[str, str]) -> None:
    done = command.spawn("plugins", "--json", **third_party)
    listing = json.loads(done.out)
    assert "hello from a plugin" in done.err
    assert [b["entry_point"] for b in listing["broken"]] == ["bad_exit", "bad_hook", "bad_syntax"]
    assert len(listing["clashes"]) == 1


def test_a_name_of_two_kinds_shows_both(command: Command, third_party: dict[str, str]) -> None:
    done = command.spawn("plugins", "show", "still", **third_party)
    assert done.code == 0
    assert "still  temporal generator" in done.out
    assert "still  metric" in done.out
    assert "drive   none (by name)" in done.out
    assert "still:wide  hidden=256" in done.out


def test_a_clashing_name_shows_both_and_warns(command: Command, third_party: dict[str, str]) -> None:
    done = command.spawn("plugins", "show", "odd", **third_party)
    assert done.code == 0
    assert done.out.count("odd  metric") == 2
    assert "warning: Several plugins declare the metric 'odd'" in done.err


def test_a_broken_plugin_gives_its_cause(command: Command, third_party: dict[str, str]) -> None:
    done = command.spawn("plugins", "show", "bad_exit", **third_party)
    assert done.code == 2
    assert done.err.endswith("strange-bad 0.1 (entry point 'bad_exit') is broken: SystemExit: 3\n")


def test_without_any_plugin(command: Command, third_party: dict[str, str]) -> None:
    done = command.spawn("plugins", **third_party | {"VIDGEN_BENCH_PLUGINS": "nobody"})
    assert done.code == 0
    assert "No plugin is loaded." in done.out


def test_a_reconstruction_says_so_beside_its_name() -> None:
    plugins = Table(backbone=[Painter(), Painter("guess", reconstruction=True)], temporal=[Walk()]).plugins
    assert [shown_name(plugin).plain for plugin in plugins] == ["painter", "guess\nreconstruction", "walk"]
    console = Console(file=io.StringIO(), width=80)
    for plugin in plugins:
        console.print(page(plugin))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "guess  backbone  reconstruction\n" in text.replace(" \n", "\n")
    assert text.count("reconstruction") == 1
