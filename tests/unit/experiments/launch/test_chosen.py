"""The launcher of a command line: its name, its options, and what contradicts what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vidgen_bench.errors import RequestError
from vidgen_bench.experiments.launch.chosen import choose_launcher, gpus_for, split_options
from vidgen_bench.host.host import Host


@pytest.fixture(scope="module")
def host() -> Host:
    return Host.of_environment()


def test_options_of_models_and_of_the_launcher_are_told_apart() -> None:
    others, own = split_options(["temporal.hidden=3", "launcher.jobs = 2", "odd"])
    assert others == ["temporal.hidden=3", "odd"]
    assert own == {"jobs": "2"}
    with pytest.raises(RequestError, match=r"expected launcher.OPTION=VALUE"):
        split_options(["launcher.jobs"])
    with pytest.raises(RequestError, match=r"launcher.jobs is given twice"):
        split_options(["launcher.jobs=2", "launcher.jobs=3"])


def test_jobs_is_short_for_local(host: Host) -> None:
    for chosen in (
        choose_launcher(None, 3, {}, host),
        choose_launcher("local", 3, {"jobs": "3"}, host),
        choose_launcher("local", None, {"jobs": "3"}, host),
    ):
        assert chosen is not None
        assert (chosen.name, chosen.options.jobs, chosen.outlives) == ("local", 3, False)
    one = choose_launcher("local", None, {}, host)
    assert one is not None
    assert one.options.jobs == 1
    assert choose_launcher(None, 1, {}, host) is choose_launcher(None, None, {}, host) is None


@pytest.mark.parametrize(
    ("on", "jobs", "given", "words"),
    [
        ("locale", None, {}, "There is no launcher named 'locale'. Did you mean 'local'?"),
        ("ode1", None, {}, "('ode1' is a temporal generator.)"),
        ("ray", 2, {}, "--jobs is short for --on local --set launcher.jobs=2; leave it out with --on ray"),
        ("local", 2, {"jobs": "3"}, "--jobs 2 and --set launcher.jobs=3 contradict each other"),
        (None, None, {"jobs": "3"}, "--set launcher.jobs is an option of a launcher; add --on"),
        (None, 1, {"partition": "a"}, "--set launcher.partition is an option of a launcher; add --on"),
        ("local", None, {"job": "3"}, "launcher has no option 'job'. Did you mean 'jobs'?"),
        ("local", None, {"jobs": "0"}, "launcher.jobs=0: expected integer, at least 1"),
    ],
)
def test_what_is_refused(host: Host, on: str | None, jobs: int | None, given: dict[str, str], words: str) -> None:
    with pytest.raises(RequestError) as raised:
        choose_launcher(on, jobs, given, host)
    assert words in str(raised.value)


def test_a_launcher_that_cannot_start_jobs_here_says_why(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    local = host.find("launcher", "local").declaration
    monkeypatch.setattr(type(local), "refuses", lambda self, options: "there is no room; tidy up")
    with pytest.raises(RequestError, match="The launcher 'local' cannot start jobs here: there is no room; tidy up"):
        choose_launcher("local", None, {}, host)


@pytest.mark.parametrize(("on", "jobs", "word"), [(None, 2, "--jobs"), ("local", None, "--on")])
def test_torchrun_is_refused(
    host: Host, monkeypatch: pytest.MonkeyPatch, on: str | None, jobs: int | None, word: str
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(RequestError, match=f"{word} runs a process per run; leave it out under torchrun"):
        choose_launcher(on, jobs, {}, host)


def test_the_gpus_of_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    assert gpus_for("cpu") == 0
    assert gpus_for("cuda") == 1
    for there in (False, True):
        monkeypatch.setattr(torch.cuda, "is_available", lambda there=there: there)
        assert gpus_for("auto") == there
    with pytest.raises(RequestError, match="a launcher chooses the GPU of each job; write --device cuda"):
        gpus_for("cuda:1")


def test_local_does_not_divide_gpus(host: Host) -> None:
    from vidgen_bench.api import Job

    chosen: Any = choose_launcher("local", 2, {}, host)
    with pytest.raises(RequestError, match=r"cannot divide GPUs between 2 jobs.*--on ray"):
        chosen.submit([Job("a", "a", (), Path("/nowhere/log"), gpus=1)])
