"""``vidgen-bench protocols``: what ships, everything a protocol fixes, and its id as far as it is known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.kit.command import Command
from vidgen_bench.config.protocol import load_protocol, shipped_protocols

PROTOCOLS = Path(__file__).parents[2] / "vidgen_bench" / "config" / "protocols"


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))  # no imported weights
    return Command(tmp_path, monkeypatch, capsys)


def test_every_shipped_protocol_is_listed_with_its_facts(command: Command) -> None:
    done = command("protocols")
    assert (done.code, done.err) == (0, "")
    text = " ".join(done.out.split())
    for name in shipped_protocols():
        protocol = load_protocol(name)
        assert f"{name} {protocol.summary.split()[0]}" in text
        assert protocol.source.split(",")[0] in text
    for part in (
        "version 1 · the instrument of the track, preprocessing tganv2 · 2,048 samples unless the track sets another number · is, fid",
        "real: 10 passes over the training list with flip and shift-x · float32",
        "extra, on the final samples: kid, precision, recall",
        "i3d-kinetics400, preprocessing fvd · 2,048 samples · fvd · real: 2,048 training clips",
    ):
        assert part in text


def test_json_is_the_protocols_themselves(command: Command) -> None:
    listed = json.loads(command("protocols", "--json").out)
    assert [p["name"] for p in listed] == shipped_protocols()
    assert listed[0] == load_protocol(shipped_protocols()[0]).model_dump(mode="json")


def test_a_page_has_every_option_defaults_included(command: Command) -> None:
    done = command("protocols", "show", "c3d-stylegan-v")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("c3d-stylegan-v  version 1\n")
    rows = {tuple(line.split(maxsplit=1)) for line in done.out.splitlines() if line.startswith("  ")}
    values = {key: value.strip() for key, value in (row for row in rows if len(row) == 2)}
    assert values["samples"] == "2048"
    assert values["options.is.splits"] == values["options.is-frozen.splits"] == "10"
    assert values["options.is.added"] == '"in-logarithms"'
    assert values["options.recall.neighbours"] == "3"
    assert values["real.passes"] == "10"
    assert values["instruments"] == '["c3d-shapes", "c3d-ucf101"]'
    assert "real.clips" not in values
    assert "id" not in values


def test_a_track_sets_samples_and_passes_and_gives_the_words_of_the_id(command: Command) -> None:
    page = json.loads(command("protocols", "show", "c3d-native", "--track", "shapes-smoke", "--json").out)
    assert (page["samples"], page["real"]["passes"]) == (256, 4)
    assert page["id"] == "c3d-native-v1 n=256 c3d-shapes-64 float32 #…"
    assert len(page["sha256"]) == 64
    assert page["not_known_yet"] == ["the real clips (run `vidgen-bench reference build`)"]


def test_weights_that_are_not_here_are_told(command: Command) -> None:
    done = command("protocols", "show", "fvd-2048-16f", "--track", "ucf101-64-paper")
    assert done.code == 0
    assert '"fvd-2048-16f-v1 n=2048 i3d-kinetics400 float32 #…"' in done.out
    assert "also depends on the weights: The instrument 'i3d-kinetics400' has no weights" in done.out
    assert "sha256" not in done.out


def test_the_words_are_those_of_the_real_id(command: Command) -> None:
    from vidgen_bench.config.track import load_track
    from vidgen_bench.host.host import Host
    from vidgen_bench.measure.resolved_track import resolve_track

    page = json.loads(command("protocols", "show", "c3d-native", "--track", "shapes-smoke", "--json").out)
    real = resolve_track(load_track("shapes-smoke"), Host.of_environment()).main.stamp("0123").id
    assert real.startswith(page["id"].removesuffix("…"))


def test_ones_own_file(command: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text((PROTOCOLS / "c3d-tgan.toml").read_text().replace("c3d-tgan", "mine"))
    page = json.loads(command("protocols", "show", "mine.toml", "--json").out)
    assert (page["name"], page["options"]["is"]["epsilon"]) == ("mine", 1e-7)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["c3d-tgam"], "There is no protocol named 'c3d-tgam'. Did you mean 'c3d-tgan'?"),
        (["absent.toml"], "The protocol file absent.toml cannot be read: No such file or directory."),
        (["key.toml"], "  real.pases: unknown key. Did you mean 'passes'?"),
        (["metric.toml"], "There is no metric named 'nearst'. Did you mean 'nearest'?"),
        (["option.toml"], "options.is has no option 'eps'. Did you mean 'epsilon'?"),
        (["way.toml"], "No instrument has the preprocessing 'tgam' of the protocol mine. Did you mean 'tgan'?"),
        (["taken.toml"], "uses the name 'c3d-tgan' of a shipped protocol"),
        (["c3d-tgan", "--track", "shapes-smok"], "There is no track named 'shapes-smok'."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes_exit_with_2(command: Command, tmp_path: Path, arguments: list[str], words: str) -> None:
    text = (PROTOCOLS / "c3d-tgan.toml").read_text()
    mine = text.replace('"c3d-tgan"', '"mine"')
    (tmp_path / "key.toml").write_text(mine.replace("passes", "pases"))
    (tmp_path / "metric.toml").write_text(mine.replace('"nearest"', '"nearst"'))
    (tmp_path / "option.toml").write_text(mine.replace("epsilon =", "eps ="))
    (tmp_path / "way.toml").write_text(mine.replace('"tgan"', '"tgam"'))
    (tmp_path / "taken.toml").write_text(text.replace("1e-7", "1e-8"))
    done = command("protocols", "show", *arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


@pytest.mark.parametrize("arguments", [["protocols"], ["protocols", "show", "c3d-native", "--track", "shapes-smoke"]])
def test_nothing_heavy_is_imported(command: Command, arguments: list[str]) -> None:
    start = (
        "import atexit, sys; atexit.register(lambda: print('heavy:', sorted({'torch', 'numpy', 'scipy'} & set(sys.modules))));"
        "from vidgen_bench.cli.main import main; main()"
    )
    done = command.spawn(*arguments, start=start, VIDGEN_BENCH_PLUGINS="vidgen-bench")
    assert done.code == 0, done.err
    assert done.out.endswith("heavy: []\n")
