"""The launcher slurm without Slurm: small programs take the place of its commands, and the rows of squeue are written by hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from vidgen_launchers.slurm import Slurm, SlurmOptions
from vidgen_launchers.slurm.commands import environment
from vidgen_launchers.slurm.progress import VISIBLE, Progress
from vidgen_launchers.slurm.queue import Place, Row, read_queue
from vidgen_launchers.slurm.request import arguments
from vidgen_launchers.slurm.script import batch_script, exit_file
from vidgen_launchers.slurm.submission import find_submitted, submission_file, submit_arrays

from vidgen_bench.api import Ended, Job, Lost, Skipped, Started
from vidgen_bench.errors import VidgenBenchError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")

PLACE = Place("vidgen-1", 0)


def job(folder: Path, number: int = 0, **more) -> Job:
    return Job(f"job {number}", f"run-{number}", ("--version",), folder / str(number) / "log.txt", **more)


def row(state: str, *, code: int = 0, restarts: int = 0, host: str = "n1") -> Row:
    return Row(PLACE, "7_0", state, code, restarts, host)


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of programs that stand for Slurm's; each writes its arguments to ``calls``, and sbatch keeps its script."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sbatch", "squeue", "scontrol", "scancel"):
        (folder / name).write_text(f'#!/bin/sh\necho "{name} $*" >>{folder}/calls\n. {folder}/{name}.do\n')
        (folder / name).chmod(0o755)
        (folder / f"{name}.do").write_text("")
    (folder / "sbatch.do").write_text(
        f'n=$(grep -c ^sbatch {folder}/calls)\ncat >{folder}/script-$n\necho "4$n;cluster"\n'
    )
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def calls(commands: Path, name: str) -> list[str]:
    lines = (commands / "calls").read_text().splitlines()
    return [line.removeprefix(f"{name} ") for line in lines if line.startswith(f"{name} ")]


def test_jobs_with_the_same_needs_are_one_array_and_others_wait_for_theirs(commands: Path, tmp_path: Path) -> None:
    jobs = [job(tmp_path, n, gpus=1, after=("run-9",)) for n in range(3)] + [job(tmp_path, 9)]
    submitted = submit_arrays(jobs, SlurmOptions(parallel=2))
    first, second = calls(commands, "sbatch")
    assert "--array=0-0%2 " in first
    assert "--dependency" not in first
    assert "--array=0-2%2 --dependency=afterok:41_0 " in second
    assert [entry.job.key for entry in submitted] == ["run-9", "run-0", "run-1", "run-2"]
    assert [entry.place.task for entry in submitted] == [0, 0, 1, 2]


def test_what_was_submitted_is_cancelled_if_slurm_refuses_the_rest(commands: Path, tmp_path: Path) -> None:
    (commands / "sbatch.do").write_text(
        f'[ $(grep -c ^sbatch {commands}/calls) = 1 ] && echo 41 || {{ echo "sbatch: error: Invalid qos" >&2; exit 1; }}\n'
    )
    with pytest.raises(VidgenBenchError, match="sbatch failed: sbatch: error: Invalid qos"):
        submit_arrays([job(tmp_path, 0), job(tmp_path, 1, gpus=1)], SlurmOptions())
    (cancelled,) = calls(commands, "scancel")
    assert cancelled == f"--name={json.loads(submission_file(job(tmp_path)).read_text())['array']}"


def test_a_job_that_waits_for_itself_is_refused(commands: Path, tmp_path: Path) -> None:
    with pytest.raises(VidgenBenchError, match="job 0 waits for a job that is not among those submitted"):
        submit_arrays([job(tmp_path, 0, after=("run-0",))], SlurmOptions())


def test_jobs_are_found_by_their_files_and_those_that_ended_are_left_out(commands: Path, tmp_path: Path) -> None:
    jobs = [job(tmp_path, n) for n in range(3)]
    submitted = submit_arrays(jobs[:2], SlurmOptions())
    name = submitted[0].place.array
    states = {0: "RUNNING", 1: "COMPLETED"}
    lines = [f"{name:64}{41:<20}{task:<20}{state:30}{0:<20}{0:<12}{'n1':256}" for task, state in states.items()]
    (commands / "rows").write_text("\n".join(lines) + "\n")
    (commands / "squeue.do").write_text(f"cat {commands}/rows\n")
    assert [entry.job for entry in find_submitted(jobs)] == [jobs[0]]
    submission_file(jobs[0]).write_text("{")
    assert find_submitted(jobs) == []


@pytest.mark.parametrize(
    ("text", "code"), [("36608", 143), ("9", 137), ("0", 0), ("143:0", 143), ("0:9", 137), ("256", 1)]
)
def test_exit_codes_are_those_of_a_shell(commands: Path, text: str, code: int) -> None:
    line = f"{PLACE.array:64}{41:<20}{0:<20}{'FAILED':30}{text:<20}{1:<12}{'(null)':256}"
    (commands / "squeue.do").write_text(f"echo '{line}'\n")
    found = read_queue({PLACE.array}).find(PLACE)
    assert found is not None
    assert (found.exit_code, found.restarts, found.host, found.number) == (code, 1, "", "41_0")


def test_tasks_that_were_cancelled_as_they_waited_have_one_row(commands: Path) -> None:
    line = f"{PLACE.array:64}{41:<20}{'N/A':<20}{'CANCELLED':30}{0:<20}{0:<12}{'n/a':256}"
    (commands / "squeue.do").write_text(f"echo '{line}'\n")
    queue = read_queue({PLACE.array})
    found = queue.find(Place(PLACE.array, 7))
    assert found is not None
    assert (found.number, found.state, found.host) == ("41", "CANCELLED", "")
    assert queue.find(Place("vidgen-2", 7)) is None


def test_a_job_that_is_queued_again_has_not_ended_and_starts_again(tmp_path: Path) -> None:
    one = job(tmp_path)
    progress = Progress(one, PLACE)
    assert progress.events(row("PENDING", host=""), 0) == []
    assert progress.events(row("RUNNING"), 1) == [Started(one, "n1")]
    assert progress.events(row("RUNNING"), 2) == []
    assert progress.events(row("PENDING", restarts=1, host=""), 3) == []
    assert progress.events(row("RUNNING", restarts=1, host="n2"), 4) == [Started(one, "n2")]
    assert progress.events(row("COMPLETED", restarts=1, host="n2"), 5) == [Ended(one, 0)]
    assert progress.is_over


@pytest.mark.parametrize(
    ("last", "end"),
    [
        (row("FAILED", code=137), 137),
        (row("OUT_OF_MEMORY", code=253), 137),
        (row("TIMEOUT"), 137),
        (row("TIMEOUT", code=143), 143),
        (row("PREEMPTED"), 143),
        (row("CANCELLED"), 143),
        (row("CANCELLED", restarts=1, host=""), 143),
    ],
    ids=lambda value: f"{value.state}-{value.exit_code}" if isinstance(value, Row) else str(value),
)
def test_a_job_ends_with_the_code_of_its_process(tmp_path: Path, last: Row, end: int) -> None:
    one = job(tmp_path)
    assert Progress(one, PLACE).events(last, 0)[-1] == Ended(one, end)


def test_a_job_that_never_started_is_skipped_and_one_whose_node_failed_is_lost(tmp_path: Path) -> None:
    (skipped,) = Progress(job(tmp_path), PLACE).events(row("CANCELLED", host=""), 0)
    assert isinstance(skipped, Skipped)
    assert "before it started" in skipped.reason
    (waited,) = Progress(job(tmp_path, after=("run-9",)), PLACE).events(row("CANCELLED", host=""), 0)
    assert isinstance(waited, Skipped)
    assert "a job before it failed" in waited.reason
    lost = Progress(job(tmp_path), PLACE).events(row("NODE_FAIL"), 0)[-1]
    assert isinstance(lost, Lost)
    assert "its node failed" in lost.reason


def test_a_job_that_slurm_forgot_is_lost_unless_its_script_left_a_code(tmp_path: Path) -> None:
    one = job(tmp_path)
    progress = Progress(one, PLACE)
    assert progress.events(None, 0) == []
    assert progress.events(None, VISIBLE - 1) == []
    (lost,) = progress.events(None, VISIBLE + 1)
    assert isinstance(lost, Lost)
    exit_file(one).parent.mkdir()
    exit_file(one).write_text("vidgen-1 3\n")
    assert Progress(one, PLACE).events(None, 0) == [Ended(one, 3)]
    assert Progress(one, Place("vidgen-2", 0)).events(None, 0) == []  # the code of an earlier submission


def script_run(commands: Path, one: Job, code: int, **more: str) -> tuple[int, list[str]]:
    """Run the script of a job as Slurm would, with a srun that ends with a code; return the script's and the calls of scontrol."""
    (commands / "srun").write_text(
        f"#!/bin/sh\n{{ env; printf '%s\\n' \"$@\"; }} >{commands}/environment\nexit {code}\n"
    )
    (commands / "srun").chmod(0o755)
    (commands / "sleep").write_text("#!/bin/sh\n")
    (commands / "sleep").chmod(0o755)
    (commands / "scontrol.do").write_text('[ "$1" = show ] && echo "JobState=$STATE"; true\n')
    (commands / "calls").write_text("")
    task = {"SLURM_ARRAY_JOB_ID": "41", "SLURM_ARRAY_TASK_ID": "0", "SLURM_CPUS_PER_TASK": "2", "SLURMD_NODENAME": "n1"}
    script = batch_script("vidgen-1", [one], SlurmOptions(cpus=2, setup="export FROM_SETUP=1"))
    done = subprocess.run(["bash", "-s"], input=script, env=os.environ | task | {"STATE": "RUNNING"} | more, timeout=30)
    return done.returncode, [call for call in calls(commands, "scontrol") if not call.startswith("show")]


@pytest.mark.parametrize("code", [129, 130, 143])
def test_a_script_queues_a_stopped_run_again(commands: Path, tmp_path: Path, code: int) -> None:
    one = job(tmp_path)
    assert script_run(commands, one, code) == (code, ["requeue 41_0"])
    assert not exit_file(one).exists()
    assert script_run(commands, one, code, STATE="COMPLETING") == (code, [])  # somebody cancelled it
    assert exit_file(one).read_text() == f"vidgen-1 {code}\n"
    assert script_run(commands, one, code, SLURM_RESTART_COUNT="100") == (code, [])


def test_a_script_waits_for_a_folder_only_after_its_own_node_may_have_died(commands: Path, tmp_path: Path) -> None:
    assert script_run(commands, job(tmp_path), 75) == (75, [])
    assert script_run(commands, job(tmp_path), 75, SLURM_RESTART_COUNT="1") == (75, ["requeue 41_0"])


@pytest.mark.parametrize("name", ['o\'dd "x" $HOME `id` 100%A', "line\nbreak\r\nof Windows\\", "umlaut ä", "-dash"])
def test_any_folder_name_reaches_the_shell_unharmed(commands: Path, tmp_path: Path, name: str) -> None:
    one = job(tmp_path / name)
    assert script_run(commands, one, 1) == (1, [])
    assert one.log.read_text() == "Slurm job 41_0 on n1, start 1\n"
    assert exit_file(one).read_text() == "vidgen-1 1\n"
    assert b"\r" not in batch_script("vidgen-1", [one], SlurmOptions())  # sbatch refuses it


def test_a_script_sets_threads_and_hides_gpus(commands: Path, tmp_path: Path) -> None:
    script_run(commands, job(tmp_path), 0, OMP_NUM_THREADS="7", CUDA_VISIBLE_DEVICES="3")
    lines = (commands / "environment").read_text().splitlines()
    assert {"OMP_NUM_THREADS=2", "CUDA_VISIBLE_DEVICES=", "FROM_SETUP=1"} <= set(lines)
    script_run(commands, job(tmp_path, gpus=1), 0, CUDA_VISIBLE_DEVICES="3")
    lines = (commands / "environment").read_text().splitlines()
    assert [line for line in lines if line.startswith("CUDA_VISIBLE_DEVICES=")] == [
        "CUDA_VISIBLE_DEVICES=3"
    ]  # Slurm's own


def test_options_become_arguments_of_sbatch(tmp_path: Path) -> None:
    one = job(tmp_path, gpus=2, cpus=3, memory=2**30 + 1, minutes=5)
    assert {"--gres=gpu:2", "--cpus-per-task=3", "--mem=1025M", "--time=5", "--signal=TERM@120"} <= set(
        arguments(one, SlurmOptions())
    )
    chosen = SlurmOptions(
        "gpu", "me", "long", 60, 300, "gpu:a100", 1, 8, "4G", None, "--exclude=n1,n2 --constraint='a b'"
    )
    expected = {"--partition=gpu", "--account=me", "--qos=long", "--time=60", "--signal=TERM@300", "--gres=gpu:a100:1"}
    expected |= {"--cpus-per-task=8", "--mem=4G", "--exclude=n1,n2", "--constraint=a b"}
    assert expected <= set(arguments(one, chosen))
    assert not [word for word in arguments(one, SlurmOptions(gres="")) if word.startswith("--gres")]


def test_it_refuses_a_machine_without_slurm_and_arguments_that_are_not_words(commands: Path, monkeypatch) -> None:
    assert Slurm().refuses(SlurmOptions()) is None
    assert "write every argument of sbatch as one word" in (Slurm().refuses(SlurmOptions(arguments="--mem 4G")) or "")
    assert "is not a list of words" in (Slurm().refuses(SlurmOptions(arguments="'open")) or "")
    monkeypatch.setenv("PATH", "")
    reason = Slurm().refuses(SlurmOptions())
    assert reason is not None
    assert reason.startswith(
        "sbatch, squeue, scontrol, scancel not found: start the command on a machine of the cluster"
    )


def test_a_job_inside_a_job_passes_no_limits_on() -> None:
    given = {"SLURM_CONF": "x", "SLURM_MEM_PER_NODE": "1", "SBATCH_ACCOUNT": "me", "HOME": "/"}
    assert environment(given) == {"SLURM_CONF": "x", "SBATCH_ACCOUNT": "me", "HOME": "/"}
