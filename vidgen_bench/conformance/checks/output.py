"""The output of a job is appended to its log, and its environment has its threads and no GPU that it did not get."""

from __future__ import annotations

from vidgen_bench.conformance.launcher_subject import LauncherSubject
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.rehearsal import rehearsal
from vidgen_bench.system.files import write_text
from vidgen_bench.system.regular_files import read_file

BEFORE = "an earlier attempt\n"


def check_output(subject: LauncherSubject) -> None:
    """Check that standard output and standard error are in the log, after what it had, and that the variables are set."""
    with rehearsal(subject) as stage:
        job = stage.job("talking", cpus=2)
        write_text(job.log, BEFORE)
        stage.wait(stage.submit(job))
        text = read_file(job.log).decode()
        demand(text.startswith(BEFORE), "expected the output to be appended to the log: what it had is gone")
        for stream in ("output", "error"):
            demand(
                f"standard {stream} of talking" in text,
                f"expected standard {stream} of the process in the log {job.log.name}: it is not there",
            )
        for variable, value in (("OMP_NUM_THREADS", "2"), ("CUDA_VISIBLE_DEVICES", "")):
            demand(
                f"{variable}=[{value}]" in text.splitlines(),
                f"expected {variable}={value!r} for a job with cpus=2 and gpus=0; "
                "vidgen_bench.launch.process.variables(job) returns what to set",
            )
