"""A checkpoint is checked before it is used: whatever bytes it has, it is loaded as it was written or refused in one sentence."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path

import pytest
import torch

from vidgen_bench.errors import DamagedError, VidgenBenchError
from vidgen_bench.training import checkpoint

CPU = torch.device("cpu")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    checkpoint.save(
        tmp_path / "last.pt", {"parts": {"generator": {"weight": torch.arange(40.0)}}, "progress": {"iteration": 3}}
    )
    return tmp_path / "last.pt"


def loaded(path: Path) -> bytes:
    """Return the content of the checkpoint as bytes that can be compared."""
    content = checkpoint.load(path, CPU)
    return content["parts"]["generator"]["weight"].numpy().tobytes() + repr(content["progress"]).encode()


def test_damaged_bytes_are_refused_or_change_nothing(path: Path) -> None:
    good, right, generator = path.read_bytes(), loaded(path), random.Random(0)
    refused = 0
    for _ in range(400):
        content = bytearray(good)
        kind = generator.randrange(4)
        at = generator.randrange(len(content))
        if kind == 0:
            content[at] ^= 1 << generator.randrange(8)
        elif kind == 1:
            del content[at:]
        elif kind == 2:
            del content[at : at + generator.randrange(1, 50)]
        else:
            content[at : at + 20] = generator.randbytes(20)
        path.write_bytes(content)
        try:
            assert loaded(path) == right
        except DamagedError as error:
            refused += 1
            if "weights_only" in str(error) or "start afresh" not in str(error):
                raise
    assert refused > 200


@pytest.mark.parametrize(
    "error", [IndexError, TypeError, AssertionError, AttributeError, OverflowError, RecursionError]
)
def test_every_error_of_torch_is_damage(path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def load(*given: object, **options: object) -> None:
        raise error("Please use weights_only=False")

    monkeypatch.setattr(torch, "load", load)
    with pytest.raises(DamagedError, match=r"last\.pt is damaged") as caught:
        checkpoint.load(path, CPU)
    assert caught.value.exit_code == 1
    assert "weights_only" not in str(caught.value)


def test_too_little_memory_is_not_damage(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "load", lambda *given, **options: (_ for _ in ()).throw(MemoryError()))
    with pytest.raises(MemoryError):
        checkpoint.load(path, CPU)


def test_a_file_that_cannot_be_read_is_not_called_damaged(tmp_path: Path) -> None:
    (tmp_path / "last.pt").mkdir()
    with pytest.raises(VidgenBenchError, match="is a folder; expected a regular file") as caught:
        checkpoint.load(tmp_path / "last.pt", CPU)
    assert "afresh" not in str(caught.value)


def test_the_hash_is_of_the_bytes(path: Path) -> None:
    content = {"parts": {"generator": {"weight": torch.ones(3)}}}
    sha256 = checkpoint.save(path, content)
    checkpoint.load(path, CPU, sha256)
    memory = io.BytesIO()
    torch.save({"format": checkpoint.FORMAT, **content, "more": 1}, memory)
    path.write_bytes(memory.getvalue())
    checkpoint.load(path, CPU)
    with pytest.raises(DamagedError, match="is not the file that"):
        checkpoint.load(path, CPU, sha256)


def test_a_small_file_that_becomes_a_large_one_is_refused(path: Path) -> None:
    torch.save({"format": checkpoint.FORMAT, "weight": torch.zeros(2**20)}, path)
    whole = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in whole.namelist():
            packed.writestr(name, whole.read(name))
    with pytest.raises(DamagedError, match="is compressed, which checkpoints never are"):
        checkpoint.load(path, CPU)
