"""Another process that has a file open is found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vidgen_bench.system.open_files import process_with_open_file

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the system does not tell")

_HOLD = "import sys; f = open(sys.argv[1]); print('open', flush=True); sys.stdin.read()"


def test_a_process_that_reads_a_file_of_a_folder_is_found_and_this_one_is_not(tmp_path: Path) -> None:
    file = tmp_path / "store" / "frames.u8"
    file.parent.mkdir()
    file.write_bytes(b"x")
    (tmp_path / "store2").write_bytes(b"x")
    call = [sys.executable, "-c", _HOLD, str(file)]
    with file.open(), subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        assert process_with_open_file([file.parent]) == process_with_open_file([tmp_path / "other", file]) == other.pid
        assert process_with_open_file([tmp_path / "store2"]) is None
        other.communicate()
    assert process_with_open_file([file.parent]) is None
