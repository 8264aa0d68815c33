"""Decoding processes that hang, die or lose their parent: the program continues, and no process is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tests.kit.data_files import SMALL, decode, write_video
from vidgen_bench.data.decoding import workers
from vidgen_bench.data.decoding.worker import serve
from vidgen_bench.data.decoding.workers import Job, Pool, Worker, decode_all
from vidgen_bench.errors import VidgenBenchError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="a named pipe stands for a file that hangs")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Worker]:
    """The workers that the test starts, in order."""
    made: list[Worker] = []

    class Noted(Worker):
        def __init__(self) -> None:
            super().__init__()
            made.append(self)

    monkeypatch.setattr(workers, "Worker", Noted)
    return made


def job(folder: Path, name: str, frames: int = 0) -> Job:
    """Return a job on a good video with this many frames, or (0) on a named pipe without a writer, whose opening hangs forever."""
    path = folder / f"{name}.avi"
    if frames:
        write_video(path, frames, seed=frames)
    else:
        os.mkfifo(path)
    return Job(path, folder / f"{name}.u8")


def gone(pid: int, seconds: float = 10.0) -> bool:
    """Return whether the process ends within this many seconds (a zombie counts as ended)."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


def test_outcomes_come_in_order_and_hold_what_this_process_decodes(tmp_path: Path, started: list[Worker]) -> None:
    jobs = [job(tmp_path, f"v{i}", frames=8 + i) for i in range(10)]
    outcomes = list(decode_all(jobs, SMALL, workers=2, timeout=60))
    assert [o.job for o in outcomes] == jobs
    for outcome in outcomes:
        expected = SMALL.apply(decode(outcome.job.video).frames)
        stored = np.fromfile(outcome.job.part, dtype=np.uint8).reshape(-1, 3, 16, 16)
        assert outcome.fault is None
        assert np.array_equal(stored, expected)
    assert len(started) <= 2
    assert not any(worker.alive for worker in started)


def test_a_video_that_hangs_is_reported_and_the_others_are_decoded(tmp_path: Path, started: list[Worker]) -> None:
    jobs = [job(tmp_path, "good1", 8), job(tmp_path, "hangs"), job(tmp_path, "good2", 9)]
    first, hung, second = decode_all(jobs, SMALL, workers=1, timeout=2.0)
    assert (first.frames, second.frames) == (8, 9)
    assert hung.fault is not None
    assert "hangs.avi: decoding took longer than 2 s" in hung.fault
    assert not any(worker.alive for worker in started)


def test_a_worker_that_is_killed_once_costs_nothing(tmp_path: Path, started: list[Worker]) -> None:
    jobs = [job(tmp_path, "good1", 8), job(tmp_path, "good2", 9)]
    outcomes = decode_all(jobs, SMALL, workers=1, timeout=60)
    assert next(outcomes).frames == 8
    os.kill(started[0].pid, signal.SIGKILL)
    assert [o.frames for o in outcomes] == [9]


def test_a_video_that_kills_its_worker_twice_is_reported_and_the_others_are_decoded(
    tmp_path: Path, started: list[Worker]
) -> None:
    jobs = [job(tmp_path, "deadly"), job(tmp_path, "good", 8)]

    def kill_each_worker() -> None:
        for number in range(2):
            while len(started) <= number:
                time.sleep(0.01)
            writer = os.open(jobs[0].video, os.O_WRONLY)  # blocks until the worker opens the pipe to read it
            os.kill(started[number].pid, signal.SIGSEGV)
            os.close(writer)

    killer = threading.Thread(target=kill_each_worker, daemon=True)
    killer.start()
    deadly, good = decode_all(jobs, SMALL, workers=1, timeout=60)
    killer.join(60)
    assert deadly.fault is not None
    assert "deadly.avi: the decoder crashed twice (signal SIGSEGV)" in deadly.fault
    assert good.frames == 8


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files in /proc")
def test_workers_that_died_leave_no_open_files(monkeypatch: pytest.MonkeyPatch) -> None:
    start = "import sys; print('{\"bytes\": 0}', flush=True); sys.stdin.readline()"  # dies when it is asked
    monkeypatch.setattr(workers, "_START", start)
    pool = Pool(60)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(6):
        assert "crashed twice (exit code 0" in pool.ask({"video": "v.avi"})["fault"]
    kept = (len(os.listdir("/proc/self/fd")) - before) / 3  # three files for each worker
    assert kept < 6  # of twelve; the timers of the last ones may be about to end


def test_bad_videos_are_reported_as_faults(tmp_path: Path) -> None:
    (tmp_path / "empty.avi").touch()
    (tmp_path / "text.avi").write_text("not a video")
    jobs = [Job(tmp_path / f"{name}.avi", tmp_path / f"{name}.u8") for name in ("empty", "text", "absent")]
    faults = [outcome.fault or "" for outcome in decode_all(jobs, SMALL, workers=1, timeout=60)]
    assert "empty.avi: the file is empty" in faults[0]
    assert "text.avi: cannot be read as a video" in faults[1]
    assert "absent.avi: cannot be read as a video" in faults[2]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full stands for a full disk")
def test_a_full_disk_is_an_error_that_names_the_place(tmp_path: Path, started: list[Worker]) -> None:
    bad = job(tmp_path, "v", frames=8)
    bad.part.symlink_to("/dev/full")
    with pytest.raises(VidgenBenchError, match=r"v\.u8 could not be written: No space left on device"):
        list(decode_all([bad], SMALL, workers=1, timeout=60))
    assert not any(worker.alive for worker in started)


def test_a_worker_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_START", "import no_such_module_here")
    with pytest.raises(
        VidgenBenchError, match="did not start: ModuleNotFoundError: No module named 'no_such_module_here'"
    ):
        list(decode_all([job(tmp_path, "v", 8)], SMALL, workers=1, timeout=60))


def test_stopping_half_way_ends_the_workers(tmp_path: Path, started: list[Worker]) -> None:
    jobs = [job(tmp_path, "good", 8), *(job(tmp_path, f"hangs{i}") for i in range(3))]
    outcomes = decode_all(jobs, SMALL, workers=2, timeout=600)
    assert next(outcomes).frames == 8
    outcomes.close()  # waits for no video: a worker that hangs would hold it for 600 s, beyond this test's time limit
    assert not any(worker.alive for worker in started)


_PARENT = """
import sys
from pathlib import Path
from vidgen_bench.data.decoding import workers
from vidgen_bench.data.geometry import FrameGeometry
class Told(workers.Worker):
    def await_ready(self):
        super().await_ready()
        print(self.pid, flush=True)
workers.Worker = Told
job = workers.Job(Path(sys.argv[1]), Path(sys.argv[1] + ".u8"))
list(workers.decode_all([job], FrameGeometry(16, 20, "cubic", (0, 2, 16, 16)), 1, 600))
"""


@pytest.mark.parametrize("busy", [True, False])
def test_workers_end_when_their_parent_is_killed(tmp_path: Path, busy: bool) -> None:
    if busy:
        path = job(tmp_path, "hangs").video
        parent = subprocess.Popen([sys.executable, "-c", _PARENT, path], stdout=subprocess.PIPE, text=True)
    else:
        idle = _PARENT.replace(
            "list(workers.decode_all(", "w = Told(); w.await_ready(); import time; time.sleep(600); print(("
        )
        parent = subprocess.Popen([sys.executable, "-c", idle, "x"], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    if busy:
        time.sleep(0.5)  # the request is on its way
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone(worker)


def test_ctrl_c_does_not_reach_the_workers(tmp_path: Path, started: list[Worker]) -> None:
    worker = workers.Worker()
    worker.await_ready()
    assert os.getpgid(worker.pid) != os.getpgid(0)
    os.kill(worker.pid, signal.SIGINT)
    write_video(tmp_path / "v.avi", 8, seed=1)
    geometry = {"rows": 16, "columns": 20, "rule": "cubic", "crop": [0, 2, 16, 16]}
    answer = worker.ask({"video": str(tmp_path / "v.avi"), "part": str(tmp_path / "v.u8"), "geometry": geometry}, 60)
    worker.end()
    assert answer["frames"] == 8


def test_a_workers_answer_matches_the_file_it_wrote(tmp_path: Path) -> None:
    import hashlib

    write_video(tmp_path / "v.avi", 40, seed=1)
    geometry = {"rows": 16, "columns": 20, "rule": "cubic", "crop": [0, 2, 16, 16]}
    answer = serve({"video": str(tmp_path / "v.avi"), "part": str(tmp_path / "v.u8"), "geometry": geometry})
    written = (tmp_path / "v.u8").read_bytes()
    assert answer["frames"] == 40
    assert len(written) == 40 * 3 * 16 * 16
    assert answer["sha256"] == hashlib.sha256(written).hexdigest()
