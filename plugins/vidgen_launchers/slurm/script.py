"""The batch script of an array: each task starts one job and is queued again when a signal has stopped it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vidgen_bench.api import Job
from vidgen_bench.launch.process import command, variables
from vidgen_launchers.slurm.request import adjusted

if TYPE_CHECKING:
    from vidgen_launchers.slurm import SlurmOptions

REQUEUES = 100
"""How often a task is queued again; one that is stopped more often ends with its exit code."""

_HEAD = """\
#!/bin/bash
# Slurm signals the steps of a job, and srun makes the command one; this script lives on to tell how it ended.
trap : TERM
case "$SLURM_ARRAY_TASK_ID" in
"""

_TAIL = """\
*) exit 1 ;;
esac
mkdir -p -- "$folder" || exit 1
exec >>"$folder/$log" 2>&1
cd -- "$folder" && rm -f -- "$code_file" "$code_file.part" && cd - >/dev/null || exit 1
task="${{SLURM_ARRAY_JOB_ID}}_$SLURM_ARRAY_TASK_ID"
restarts="${{SLURM_RESTART_COUNT:-0}}"
echo "Slurm job $task on $SLURMD_NODENAME, start $((restarts + 1))"
{setup}
srun --nodes=1 --ntasks=1 --cpus-per-task="$SLURM_CPUS_PER_TASK" --input=none "$@"
code=$?
case "$code" in
129 | 130 | 143)  # preempted, or near its time limit, and saved; a job that somebody cancelled is COMPLETING and stays cancelled
    if [ "$restarts" -lt {requeues} ] && scontrol show job "$task" | grep -q JobState=RUNNING && scontrol requeue "$task"; then
        sleep 600
        exit "$code"
    fi
    ;;
75)  # the folder of the run may belong to the last attempt for some minutes, if its node died
    if [ "$restarts" -gt 0 ] && [ "$restarts" -lt {requeues} ] && scontrol requeue "$task"; then
        sleep 600
        exit "$code"
    fi
    ;;
esac
printf '%s %s\\n' {array} "$code" >"$folder/$code_file.part" && mv -f -- "$folder/$code_file.part" "$folder/$code_file"
exit "$code"
"""


def exit_file(job: Job) -> Path:
    """Return the file beside the log to which a task writes the name of its array and its exit code."""
    return job.log.with_name(f".{job.key}.exit")


def batch_script(array: str, jobs: Sequence[Job], options: SlurmOptions) -> bytes:
    """Return the script of an array whose n-th task is the n-th job."""
    branches = "".join(_branch(number, job, options) for number, job in enumerate(jobs))
    tail = _TAIL.format(setup=options.setup or ":", requeues=REQUEUES, array=shlex.quote(array))
    return os.fsencode(_HEAD + branches + tail)


def _branch(number: int, job: Job, options: SlurmOptions) -> str:
    """Return the branch of one task: where its files are, and its variables and command as positional parameters."""
    chosen = variables(adjusted(job, options))
    # inside of the step: srun sets CUDA_VISIBLE_DEVICES of a job without GPUs to a value of its own
    words = ["env", *(f"{name}={value}" for name, value in chosen.items()), *command(job)]
    lines = [
        f"folder={_quoted(str(job.log.parent))}",
        f"log={_quoted(job.log.name)}",
        f"code_file={_quoted(exit_file(job).name)}",
        f"set -- {' '.join(_quoted(word) for word in words)}",
    ]
    return f"{number})\n" + "".join(f"    {line}\n" for line in lines) + "    ;;\n"


def _quoted(word: str) -> str:
    """Return a word for bash, on one line: sbatch refuses a script with the line ends of Windows, even inside of quotes."""
    if word.isprintable() or not any(ord(c) < 32 for c in word):
        return shlex.quote(word)
    escaped = "".join(f"\\{c}" if c in "\\'" else c if ord(c) >= 32 else f"\\{ord(c):03o}" for c in word)
    return f"$'{escaped}'"
