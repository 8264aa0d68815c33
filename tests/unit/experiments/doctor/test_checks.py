"""Each check of the machine finds what it is for."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from vidgen_bench.errors import DataError
from vidgen_bench.experiments.doctor import decoders, device, software, storage
from vidgen_bench.experiments.doctor.examine import examine
from vidgen_bench.experiments.doctor.plugins import check_instruments, check_plugins
from vidgen_bench.host.host import Host, Origin
from vidgen_bench.system import places


def test_the_installation_of_the_tests_is_whole() -> None:
    assert software.check_python().details["python"] == sys.version.split()[0]
    found = software.check_libraries()
    assert (found.state, set(found.details) >= {"torch", "numpy", "av"}) == ("ok", True)
    assert "matplotlib" not in found.details


def test_a_library_that_is_missing_or_too_old_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        software, "requires", lambda name: ["numpy>=999", "never-made-library", "ray>=2; extra == 'ray'"]
    )
    found = software.check_libraries()
    assert found.state == "fault"
    assert "never-made-library is missing" in found.text
    assert "expected >=999" in found.text
    assert "ray" not in found.text


def test_a_missing_extra_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(software, "find_spec", lambda name: None if name == "ray" else object())
    found = software.check_extras()
    assert (found.state, found.details) == ("ok", {"ray": False, "plot": True})
    assert "vidgen-bench[ray]" in found.fix


def test_torch_and_device_work() -> None:
    assert device.check_torch().state == device.check_device().state == "ok"


def test_a_driver_that_torch_does_not_see_is_a_fault_unless_it_is_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(device, "_NVIDIA", tmp_path)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    found = device.check_device()
    assert (found.state, "built for CPUs only" in found.text) == ("fault", True)
    assert found.fix
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert device.check_device().state == "ok"


def test_more_threads_than_cores_are_worth_a_note(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    monkeypatch.setattr(device, "_CPU_MAX", tmp_path / "cpu.max")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: range(64), raising=False)
    assert device.usable_cores() == 1.5
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    found = device.check_threads()
    assert (found.state, found.fix) == ("note", "pass --threads 1")
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert device.usable_cores() == 64


def test_without_torch_every_check_still_ends() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from pathlib import Path\n"
        "from vidgen_bench.experiments.doctor.examine import examine\n"
        "from vidgen_bench.host.host import Host\n"
        "for f in examine(Host(()), Path('runs')): print(f.name, f.state, sep='=')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    states = dict(line.split("=") for line in done.stdout.splitlines())
    assert {"torch", "device", "threads"} <= {name for name, state in states.items() if state == "fault"}
    assert states["decoders"] == states["disk"] == "ok"


def test_the_decoder_gives_the_frames_of_the_machine_that_made_the_statistics() -> None:
    found = decoders.check_decoders()
    assert (found.state, found.details["as_shipped"]) == ("ok", True)
    assert set(found.details["others"].values()) == {""}
    assert "OpenCV" in found.text


def test_other_frames_of_another_decoder_are_worth_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = np.zeros((2, 4, 4, 3), np.uint8)
    write = "import sys; sys.stdout.buffer.write(bytes([%d]) * %d)"

    def python(code: str) -> list[str]:
        return [sys.executable, "-c", code]

    assert decoders._compared(python(write % (0, 96)), frames) == ""
    assert decoders._compared(python(write % (3, 96)), frames) == "differs by up to 3 of 255 levels"
    assert decoders._compared(python(write % (0, 48)), frames) == "gives 1 frames, expected 2"
    assert decoders._compared(python("raise SystemExit(4)"), frames) == "fails (exit code 4)"
    assert decoders._compared(["/does/not/exist"], frames).startswith("fails (")
    found = decoders._finding("PyAV 18", {"ffmpeg": "", "OpenCV": "differs by up to 3 of 255 levels"}, True)
    assert (found.state, found.text.endswith("OpenCV differs by up to 3 of 255 levels")) == ("note", True)
    assert decoders._finding("PyAV 18", {}, False).state == "note"


def test_a_decoder_that_fails_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise DataError("clip.avi: the decoder crashed twice")

    monkeypatch.setattr("vidgen_bench.data.decoding.guarded.GuardedDecoder.frames", fail)
    found = decoders.check_decoders()
    assert (found.state, "crashed twice" in found.text) == ("fault", True)
    assert "av" in found.fix


def of_modules(**modules: str) -> Host:
    return Host(
        tuple(
            (EntryPoint(name, value, "vidgen_bench"), Origin(name, f"vidgen-{name}", "1.0"))
            for name, value in modules.items()
        )
    )


def test_a_broken_plugin_and_a_name_of_two_are_faults() -> None:
    host = of_modules(one="vidgen_temporal.ode", two="vidgen_temporal.ode", missing="vidgen_never_made")
    good, *faults = check_plugins(host)
    assert (good.state, good.text) == ("ok", "3 from vidgen-one 1.0, 3 from vidgen-two 1.0")
    texts = [fault.text for fault in faults]
    assert "vidgen-missing 1.0" in texts[0]
    assert "ModuleNotFoundError" in texts[0]
    assert texts[1] == "the temporal ode1 is declared by vidgen-one 1.0 and vidgen-two 1.0"
    assert {fault.state for fault in faults} == {"fault"}
    assert all(fault.fix for fault in faults)


def test_no_plugin_at_all_is_a_fault() -> None:
    assert [found.state for found in check_plugins(Host(()))] == ["fault"]


def test_instruments_with_and_without_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "instrument_folder", lambda: tmp_path)
    found = check_instruments(of_modules(c3d="vidgen_bench.measure.instruments.c3d"))
    assert found.state == "ok"
    assert (set(found.details["missing"]), "c3d-shapes" in found.details["ready"]) == ({"c3d-ucf101"}, True)
    assert check_instruments(Host(())).state == "fault"


def test_folders_that_can_be_made_and_that_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    cache, weights, runs = storage.check_folders(tmp_path)
    assert (cache.state, "can be made" in cache.text) == ("ok", True)
    assert (weights.state, "XDG_DATA_HOME" in weights.fix) == ("fault", True)
    assert (runs.state, "writable" in runs.text) == ("ok", True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_a_file_system_without_locks_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from vidgen_bench.errors import VidgenBenchError

    def refuse(path: Path) -> None:
        raise VidgenBenchError("no locks")

    monkeypatch.setattr(storage, "acquire", refuse)
    assert "without locks" in storage.check_folders(tmp_path)[2].text


@pytest.mark.parametrize(("free", "state"), [(2**20, "fault"), (2**30, "note"), (2**40, "ok")])
def test_little_space_is_a_note_and_none_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: str
) -> None:
    monkeypatch.setattr(storage.shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    assert storage.check_disk(tmp_path).state == state


def test_a_check_that_fails_is_a_fault_and_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ZeroDivisionError("\x1b[31m")

    monkeypatch.setattr("vidgen_bench.experiments.doctor.examine.check_decoders", fail)
    found = {one.name: one for one in examine(Host.of_environment(), Path("runs"))}
    assert found["decoders"].state == "fault"
    assert "ZeroDivisionError" in found["decoders"].text
    assert "\x1b" not in found["decoders"].text
    assert found["disk"].state in ("ok", "note")
