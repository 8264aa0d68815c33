"""Importing I3D: each form that users have, and the files that are refused with their messages."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from safetensors import torch as safetensors
from torch import Tensor, nn

from tests.kit import golden
from tests.kit.i3d_files import SLIM, LikeStyleGANV, archive, pattern_weights, refusal, saved
from vidgen_bench.errors import RecordError, RequestError, VidgenBenchError
from vidgen_bench.measure.instruments.i3d.instrument import I3DInstrument, read_instrument
from vidgen_bench.measure.instruments.i3d.network import Layout, with_weights
from vidgen_bench.measure.instruments.i3d.preprocessing import Preprocessing
from vidgen_bench.measure.instruments.i3d.weights_import import import_i3d
from vidgen_bench.measure.instruments.safetensors_header import KEY
from vidgen_bench.system import files

CLIPS = golden.video(1, 3, 9, 16, 16)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "instruments" / "i3d" / "i3d-kinetics400.weights"


# --------------------------------------------------------------------------------------------------------- a state dict
def legacy(path: Path, weights: dict[str, Tensor]) -> Path:
    """Write in PyTorch's format of 2017, that of rgb_imagenet.pt."""
    torch.save(OrderedDict(weights), path, _use_new_zipfile_serialization=False)
    return path


def plain_safetensors(path: Path, weights: dict[str, Tensor]) -> Path:
    path.write_bytes(safetensors.save(weights))
    return path


@pytest.mark.parametrize("write", [saved, legacy, plain_safetensors])
def test_a_state_dict_becomes_an_instrument(tmp_path: Path, target: Path, write) -> None:
    weights = pattern_weights(SLIM)
    imported = import_i3d(write(tmp_path / "any name", weights), target, SLIM)
    sha256 = hashlib.sha256(target.read_bytes()).hexdigest()
    assert imported.lines == (f"I3D from a state dict, {target}", f"sha256 {sha256}")
    instrument = read_instrument(target, "stylegan-v")
    assert not any(p.requires_grad for p in instrument.parameters())
    assert not instrument.training
    expected = with_weights(SLIM, weights)(Preprocessing("stylegan-v")(CLIPS))["logits"]
    torch.testing.assert_close(instrument(CLIPS)["logits"], expected, atol=1e-5, rtol=1e-5)


def test_what_is_stored_is_what_was_given(tmp_path: Path, target: Path) -> None:
    weights = pattern_weights(SLIM)
    import_i3d(plain_safetensors(tmp_path / "a", weights), target, SLIM)
    stored = safetensors.load(target.read_bytes())
    assert stored.keys() == weights.keys()
    assert all(torch.equal(stored[name], weights[name]) for name in weights)


def test_an_equal_file_gives_an_equal_hash_under_any_name(tmp_path: Path, target: Path) -> None:
    weights = pattern_weights(SLIM)
    sources = saved(tmp_path / "one.pt", weights), tmp_path / "two.pth"
    sources[1].write_bytes(sources[0].read_bytes())
    hashes = {import_i3d(source, target, SLIM).lines[1] for source in sources}
    assert len(hashes) == 1
    other = {**weights, "logits.conv3d.bias": weights["logits.conv3d.bias"] + 1}
    assert import_i3d(saved(tmp_path / "one.pt", other), target, SLIM).lines[1] not in hashes


def test_counters_are_ignored_and_halves_widened(tmp_path: Path, target: Path) -> None:
    weights = {name: tensor.half() for name, tensor in pattern_weights(SLIM).items()}
    weights["Conv3d_1a_7x7.bn.num_batches_tracked"] = torch.tensor(7)
    import_i3d(saved(tmp_path / "i3d.pt", weights), target, SLIM)
    stored = safetensors.load(target.read_bytes())
    assert {tensor.dtype for tensor in stored.values()} == {torch.float32}
    assert "Conv3d_1a_7x7.bn.num_batches_tracked" not in stored


def test_the_full_layout_is_what_a_user_imports(tmp_path: Path, target: Path) -> None:
    weights = {name: torch.zeros(shape, dtype=torch.float16) for name, shape in Layout().shapes.items()}
    weights["logits.conv3d.bias"] = torch.linspace(-1, 1, 400).half()
    import_i3d(saved(tmp_path / "rgb_imagenet.pt", weights), target)
    assert read_instrument(target, "fvd").network.layout == Layout()
    target.unlink()
    text = refusal(saved(tmp_path / "slim.pt", pattern_weights(SLIM)), target, Layout())
    assert "expected 'Conv3d_1a_7x7.conv3d.weight' of shape [64, 3, 7, 7, 7]; found [8, 3, 7, 7, 7]" in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"logits.conv3d.bias": None}, r"among them 'logits\.conv3d\.bias' of shape \[5\]; it is missing\. Found 286: Conv3d_1a"),
        ({"Mixed_3b.b9.conv3d.weight": torch.zeros(1)}, r"'Mixed_3b\.b9\.conv3d\.weight' is not part of I3D"),
        ({"Conv3d_1a_7x7.conv3d.weight": torch.zeros(8, 2, 7, 7, 7)}, r"of shape \[8, 3, 7, 7, 7\]; found \[8, 2, 7, 7, 7\]"),
        ({"logits.conv3d.bias": torch.full((5,), float("nan"))}, r"'logits\.conv3d\.bias' holds values that are not finite"),
        ({"logits.conv3d.bias": torch.full((5,), float("inf"))}, r"'logits\.conv3d\.bias' holds values that are not finite"),
        ({"logits.conv3d.bias": torch.zeros(5, dtype=torch.int32)}, r"'logits\.conv3d\.bias' in floating point; found torch\.int32"),
        ({"Conv3d_1a_7x7.bn.running_var": -torch.ones(8)}, r"variances of at least 0 in 'Conv3d_1a_7x7\.bn\.running_var'; found -1"),
    ],
)  # fmt: skip
def test_a_wrong_tensor_is_named(tmp_path: Path, target: Path, change: dict[str, Tensor | None], words: str) -> None:
    weights = pattern_weights(SLIM) | change
    source = saved(tmp_path / "i3d.pt", {name: tensor for name, tensor in weights.items() if tensor is not None})
    with pytest.raises(RecordError, match=words):
        import_i3d(source, target, SLIM)
    assert "rgb_imagenet.pt" in refusal(source, target)


def test_other_contents_are_refused_with_a_fix(tmp_path: Path, target: Path) -> None:
    weights = pattern_weights(SLIM)
    nested = refusal(saved(tmp_path / "a.pt", {"state_dict": weights, "epoch": 3}), target)
    assert "expected a tensor as 'state_dict'; found dict" in nested
    assert "torch.save(content['state_dict'], FILE)" in nested
    assert "expected a state dict, tensors by name; found list" in refusal(saved(tmp_path / "a.pt", [1, 2]), target)
    assert "287 tensors" in refusal(saved(tmp_path / "a.pt", {}), target)
    assert "Found 1: weight." in refusal(saved(tmp_path / "a.pt", {"weight": torch.zeros(1)}), target)


class Runs:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch was-run",)


@pytest.mark.parametrize("write", [saved, lambda path, content: path.write_bytes(pickle.dumps(content)) and path])
def test_nothing_is_unpickled(tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch, write) -> None:
    monkeypatch.chdir(tmp_path)
    for content in (Runs(), {"a": Runs()}, nn.Linear(2, 2)):
        text = refusal(write(tmp_path / "a.pt", content), target)
        assert "could run code when opened and are refused" in text
        assert "torch.save(model.state_dict(), FILE)" in text
    assert not (tmp_path / "was-run").exists()


def test_a_small_file_that_becomes_a_large_one_is_refused(tmp_path: Path, target: Path) -> None:
    source = saved(tmp_path / "i3d.pt", pattern_weights(SLIM))
    whole = zipfile.ZipFile(io.BytesIO(source.read_bytes()))
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in whole.namelist():
            packed.writestr(name, whole.read(name))
    assert "is compressed, which torch never does" in refusal(source, target)


def test_damaged_and_foreign_files_are_refused(tmp_path: Path, target: Path) -> None:
    source = tmp_path / "i3d.pt"
    whole = io.BytesIO()
    torch.save(pattern_weights(SLIM), whole)
    tensors = safetensors.save(pattern_weights(SLIM))
    contents = [
        b"",
        b"PK",
        b"short",
        b"\x80\x02",
        b"\xff" * 99,
        whole.getvalue()[:5000],
        whole.getvalue()[5000:],
        tensors[:5000],
    ]
    for content in contents:
        source.write_bytes(content)
        text = refusal(source, target)
        assert str(source) in text
        assert "rgb_imagenet.pt" in text
    with zipfile.ZipFile(source, "w") as file:
        file.writestr("\xe4.txt", "a name in UTF-8")
    source.write_bytes(source.read_bytes().replace("\xe4".encode(), b"\xff\xff"))
    assert "is damaged" in refusal(source, target)
    with zipfile.ZipFile(source, "w") as file:
        file.writestr("a.txt", "no weights")
    assert "is damaged" in refusal(source, target)


def test_a_legacy_file_is_refused_wherever_it_is_cut(tmp_path: Path, target: Path) -> None:
    whole = legacy(tmp_path / "a.pt", {"weight": torch.arange(6.0)}).read_bytes()
    source = tmp_path / "cut.pt"
    for size in range(len(whole)):
        source.write_bytes(whole[:size])
        assert "rgb_imagenet.pt" in refusal(source, target)


def test_unreadable_files_are_refused(tmp_path: Path, target: Path) -> None:
    assert refusal(tmp_path / "none.pt", target).endswith("none.pt cannot be read: No such file or directory.")
    assert refusal(tmp_path, target).endswith(
        "is a folder; expected a regular file. Nothing was read from it or written to it. Put a file there."
    )


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = (
        saved(tmp_path / "i3d.pt", pattern_weights(SLIM)),
        archive(tmp_path / "i3d_torchscript.pt", LikeStyleGANV()),
    )
    import_i3d(sources[0], target, SLIM)
    before = target.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    for source in sources:
        with pytest.raises(VidgenBenchError, match="could not be written: No space left"):
            import_i3d(source, target, SLIM, trusted=True)
    assert target.read_bytes() == before
    assert list(target.parent.iterdir()) == [target]


# ----------------------------------------------------------------------------------------------- the weights file, later
def test_another_file_in_place_of_the_weights_file_is_refused(tmp_path: Path, target: Path) -> None:
    import_i3d(saved(tmp_path / "a.pt", pattern_weights(SLIM)), target, SLIM)
    whole = target.read_bytes()
    target.write_bytes(whole[:-100])
    with pytest.raises(RecordError, match=r"is damaged: .*instrument import FILE --kind i3d"):
        read_instrument(target, "fvd")
    for content in (b"", b"PK\x03\x04", safetensors.save({"a": torch.zeros(1)})):
        target.write_bytes(content)
        with pytest.raises(RecordError, match=r"expected imported I3D weights(?: in safetensors)?; found "):
            read_instrument(target, "fvd")
    target.write_bytes(safetensors.save(pattern_weights(SLIM), metadata={KEY: '{"layout": "c3d"}'}))
    with pytest.raises(RecordError, match=r"its metadata 'vidgen_bench_instrument' is not valid:\n  layout: "):
        read_instrument(target, "fvd")
    target.write_bytes(safetensors.save(pattern_weights(SLIM), metadata={KEY: '{"eighths": 2, "classes": 5}'}))
    with pytest.raises(RecordError, match=r"of shape \[16, 3, 7, 7, 7\]; found \[8, 3, 7, 7, 7\]"):
        read_instrument(target, "fvd")


def test_an_unknown_preprocessing_is_refused_with_the_nearest() -> None:
    with pytest.raises(RequestError, match=r"no preprocessing 'fdv'\. Did you mean 'fvd'\? Valid: fvd, stylegan-v\."):
        I3DInstrument(with_weights(SLIM, pattern_weights(SLIM)), "fdv")
