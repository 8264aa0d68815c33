"""A Slurm of one node on this machine: real daemons, two pretended GPUs, a partition whose jobs are preempted and one that preempts them.

Its daemons listen on 127.0.0.1, share a key of their own, and end with the process of the tests, however that ends.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel", "srun")

_SEARCH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"

_CONF = """\
ClusterName=vidgen
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
MinJobAge=300
KillWait=5
ReturnToService=2
GresTypes=gpu
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=1000 Gres=gpu:2 State=UNKNOWN
PartitionName=low Nodes={host} Default=YES MaxTime=INFINITE State=UP PriorityTier=1 PreemptMode=REQUEUE GraceTime=5
PartitionName=high Nodes={host} MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF
"""


def require_slurm() -> None:
    """Skip the test where Slurm is missing; fail where VIDGEN_BENCH_REQUIRE_SLURM says that it is there."""
    missing = [name for name in NEEDED if shutil.which(name, path=_SEARCH) is None]
    if not missing and os.geteuid() == 0:
        return
    packages = "apt-get install --no-install-recommends slurmctld slurmd slurm-client munge"
    reason = (
        f"{', '.join(missing)} not found; on Debian: {packages}" if missing else "only root can start Slurm's daemons"
    )
    if os.environ.get("VIDGEN_BENCH_REQUIRE_SLURM"):
        pytest.fail(reason)
    pytest.skip(reason)


@dataclass(frozen=True)
class Slurm:
    """The Slurm that runs."""

    folder: Path
    cpus: int

    @property
    def environment(self) -> dict[str, str]:
        """The variable by which Slurm's commands find it."""
        return {"SLURM_CONF": str(self.folder / "slurm.conf")}

    def call(self, *words: str, check: bool = True) -> str:
        """Return what a command of Slurm prints."""
        whole = os.environ | self.environment
        done = subprocess.run(words, env=whole, capture_output=True, text=True, timeout=60, check=False)
        assert not check or done.returncode == 0, (words, done.stderr)
        return done.stdout

    def tasks(self) -> dict[str, dict[str, str]]:
        """Return the number, state and number of restarts of every task of an array, by array and task: ``vidgen-1f_0``."""
        fields = {"Name": 64, "ArrayJobID": 20, "ArrayTaskID": 20, "State": 20, "RestartCnt": 10}
        wanted = ",".join(f"{name}:{width}" for name, width in fields.items())
        found = {}
        for line in self.call("squeue", "--states=all", "--array", "--noheader", f"--Format={wanted}").splitlines():
            name, array, task, state, restarts = line.split()
            found[f"{name}_{task}"] = {"id": f"{array}_{task}", "state": state, "restarts": restarts}
        return found

    def hurry(self) -> None:
        """Start what was queued again at once: Slurm lets it wait for two minutes."""
        for task in self.tasks().values():
            if task["state"] == "PENDING" and task["restarts"] != "0":
                self.call("scontrol", "update", f"JobId={task['id']}", "StartTime=now", check=False)

    def end_all(self) -> None:
        """Cancel every job and wait for their end."""
        self.call("scancel", "--user=root", check=False)
        _wait_for(lambda: not self.call("squeue", "-h", check=False), [], self.folder, fail=False)


@contextmanager
def one_node_slurm(folder: Path) -> Iterator[Slurm]:
    """Yield a Slurm whose files are in a folder, ready for jobs; no job and no daemon is left afterwards."""
    for name in ("state", "spool", "log", "munge"):
        (folder / name).mkdir(parents=True)
    (folder / "munge").chmod(0o700)
    slurm = Slurm(folder, max(2, os.cpu_count() or 1))
    _configure(slurm)
    daemons: list[subprocess.Popen[bytes]] = []
    try:
        daemons.append(_start(slurm, "munged", *_munge_arguments(folder)))
        _wait_for(lambda: (folder / "munge.sock").exists(), daemons, folder)
        daemons.append(_start(slurm, "slurmctld", "-D"))
        daemons.append(_start(slurm, "slurmd", "-D"))
        _wait_for(lambda: set(slurm.call("sinfo", "-h", "-o", "%t", check=False).split()) == {"idle"}, daemons, folder)
        yield slurm
    finally:
        if len(daemons) == 3:
            slurm.end_all()
        for daemon in reversed(daemons):
            daemon.terminate()
        for daemon in daemons:
            daemon.wait(20)


def _configure(slurm: Slurm) -> None:
    folder = slurm.folder
    (folder / "munge" / "key").write_bytes(os.urandom(1024))
    (folder / "munge" / "key").chmod(0o400)
    for number in range(2):  # Slurm accepts devices only
        os.mknod(folder / f"gpu{number}", 0o600 | 0o020000, os.makedev(1, 3))
    host = socket.gethostname().partition(".")[0]
    text = _CONF.format(host=host, folder=folder, ports=_free_ports(2), cpus=slurm.cpus)
    (folder / "slurm.conf").write_text(text)
    (folder / "gres.conf").write_text(f"Name=gpu File={folder}/gpu[0-1]\n")


def _munge_arguments(folder: Path) -> list[str]:
    places = {"key-file": "munge/key", "socket": "munge.sock", "pid-file": "munge/pid", "log-file": "munge/log"}
    places["seed-file"] = "munge/seed"
    return ["--foreground", "--force", "--num-threads=1", *(f"--{k}={folder / v}" for k, v in places.items())]


def _start(slurm: Slurm, name: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a daemon that ends with this process."""
    program = shutil.which(name, path=_SEARCH)
    assert program is not None
    library = ctypes.CDLL(None)
    with (slurm.folder / "log" / name).open("wb") as log:
        return subprocess.Popen(
            [program, *arguments],
            env=os.environ | slurm.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: library.prctl(1, signal.SIGTERM),
        )


def _wait_for(condition, daemons, folder: Path, seconds: float = 30, *, fail: bool = True) -> None:
    end = time.monotonic() + seconds
    while not condition():
        ended = [daemon for daemon in daemons if daemon.poll() is not None]
        if ended or time.monotonic() > end:
            logs = "\n".join(f"{p.name}: {p.read_text(errors='replace')[-2000:]}" for p in (folder / "log").iterdir())
            assert not fail, f"Slurm does not start:\n{logs}"
            return
        time.sleep(0.1)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [s.getsockname()[1] for s in sockets]
    finally:
        for s in sockets:
            s.close()
