"""The instrument file: its contents, and the files that are refused with their messages."""

from __future__ import annotations

import errno
import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import torch as safetensors
from torch import Tensor

from tests.kit import golden
from vidgen_bench.errors import RecordError, VidgenBenchError
from vidgen_bench.measure.instruments.c3d.network import C3D, Layout
from vidgen_bench.measure.instruments.c3d.preprocessing import CUBE
from vidgen_bench.measure.instruments.c3d.weights import Card, read_card, read_instrument, write_instrument
from vidgen_bench.measure.instruments.safetensors_header import KEY
from vidgen_bench.system import files

LAYOUT = Layout(width=1, hidden=4, classes=3)
CARD = Card(width=1, hidden=4, classes=3, class_names=("a", "b", "c"), sources={"x.npz": "0" * 64}, note="for a test")
MEAN = torch.tensor([90.0, 98.0, 101.0])


def weights() -> dict[str, Tensor]:
    return {
        n: torch.from_numpy(0.1 * golden.base(k, int(np.prod(s)))).float().view(s)
        for k, (n, s) in enumerate(LAYOUT.shapes.items())
    }


def raw(path: Path, tensors: dict[str, Tensor], card: str | None = None) -> Path:
    """Write a file without the checks of the product."""
    text = CARD.model_dump_json() if card is None else card
    path.write_bytes(safetensors.save(tensors, metadata={KEY: text}))
    return path


def test_the_layout_is_the_networks_own() -> None:
    for layout in (LAYOUT, Layout(8, 256, 8), Layout(64, 4096, 101)):
        with torch.device("meta"):
            state = C3D(layout).state_dict()
        assert {n: tuple(t.shape) for n, t in state.items()} == layout.shapes
    assert sum(np.prod(s) for s in Layout(64, 4096, 101).shapes.values()) == 78_409_573


@pytest.mark.parametrize("mean", [MEAN, torch.full(CUBE, 97.5)])
def test_what_is_written_is_read(tmp_path: Path, mean: Tensor) -> None:
    path = tmp_path / "i.safetensors"
    sha = write_instrument(path, CARD, weights(), mean)
    file = read_instrument(path)
    assert file.sha256 == sha == hashlib.sha256(path.read_bytes()).hexdigest()
    assert file.card == read_card(path) == CARD
    torch.testing.assert_close(file.mean, mean, rtol=0, atol=0)
    for name, tensor in weights().items():
        torch.testing.assert_close(file.weights[name], tensor, rtol=0, atol=0)
    assert write_instrument(tmp_path / "again.safetensors", CARD, weights(), mean) == sha


def test_half_precision_is_storage_only(tmp_path: Path) -> None:
    path = tmp_path / "i.safetensors"
    write_instrument(path, CARD, weights(), MEAN, dtype=torch.float16)
    instrument = read_instrument(path).build("tgan")
    assert {p.dtype for p in instrument.parameters()} == {torch.float32}
    assert not any(p.requires_grad for p in instrument.parameters())
    assert not instrument.training
    reference = C3D(LAYOUT)
    reference.load_state_dict({n: t.half().float() for n, t in weights().items()})
    clips = golden.video(2, 3, 16, 32, 32)
    out = instrument(clips)
    expected = reference(instrument.preprocessing(clips))
    torch.testing.assert_close(out["prob"], expected["prob"], atol=1e-5, rtol=1e-5)
    assert out["prob"].sum(dim=1).tolist() == pytest.approx([1.0, 1.0])
    assert out["fc7"].min() >= 0


def test_wrong_shape_names_tensor_and_both_shapes(tmp_path: Path) -> None:
    bad = weights() | {"mean": MEAN, "conv2a.weight": torch.zeros(2, 1, 3, 3, 2)}
    with pytest.raises(
        RecordError, match=r"'conv2a.weight' of shape \[2, 1, 3, 3, 3\].*found \[2, 1, 3, 3, 2\].*instrument import"
    ):
        read_instrument(raw(tmp_path / "i.safetensors", bad))


def test_missing_and_extra_tensors_are_named(tmp_path: Path) -> None:
    path = tmp_path / "i.safetensors"
    with pytest.raises(RecordError, match="expected a tensor 'mean'"):
        read_instrument(raw(path, weights()))
    with pytest.raises(RecordError, match=r"expected a tensor 'fc8\.bias'"):
        read_instrument(raw(path, {n: t for n, t in weights().items() if n != "fc8.bias"} | {"mean": MEAN}))
    with pytest.raises(RecordError, match=r"'pre' is not part of"):
        read_instrument(raw(path, weights() | {"mean": MEAN, "pre": torch.zeros(1)}))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_not_finite_are_refused_in_reading_and_writing(tmp_path: Path, value: float) -> None:
    bad = weights()
    bad["fc6.weight"][1, 2] = value
    with pytest.raises(RecordError, match=r"'fc6.weight' holds values that are not finite"):
        read_instrument(raw(tmp_path / "i.safetensors", bad | {"mean": MEAN}))
    with pytest.raises(RecordError, match=r"'fc6.weight' holds values that are not finite"):
        write_instrument(tmp_path / "j.safetensors", CARD, bad, MEAN)
    assert not (tmp_path / "j.safetensors").exists()


def test_other_types_and_an_unscaled_mean_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "i.safetensors"
    integers = weights() | {"mean": MEAN, "fc7.bias": torch.zeros(4, dtype=torch.int32)}
    with pytest.raises(RecordError, match=r"'fc7.bias' in float16 or float32; found torch.int32"):
        read_instrument(raw(path, integers))
    with pytest.raises(RecordError, match=r"'mean' in pixel values, 0 to 255; found -0\.1"):
        write_instrument(path, CARD, weights(), torch.tensor([-0.1, 0.0, 0.1]))


def test_foreign_files_are_named_for_what_they_are(tmp_path: Path) -> None:
    path = tmp_path / "i.safetensors"
    torch.save(weights(), path)
    with pytest.raises(RecordError, match=r"found a zip archive .*pickle.*never opened"):
        read_instrument(path)
    path.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(RecordError, match="found a pickle"):
        read_instrument(path)
    for content in (b"", b"short", b"\xff" * 64, b"\x02" + b"\0" * 7 + b"[]" + b"\0" * 20):
        path.write_bytes(content)
        with pytest.raises(RecordError, match="expected an instrument in safetensors; found something else"):
            read_instrument(path)
    with pytest.raises(RecordError, match=r"absent.* cannot be read: No such file"):
        read_instrument(tmp_path / "absent")


def test_cut_off_and_foreign_safetensors_are_refused(tmp_path: Path) -> None:
    path = raw(tmp_path / "i.safetensors", weights() | {"mean": MEAN})
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(RecordError, match="is damaged"):
        read_instrument(path)
    path.write_bytes(safetensors.save({"a": MEAN}))
    with pytest.raises(RecordError, match="expected an instrument; found safetensors without"):
        read_instrument(path)
    with pytest.raises(RecordError, match=r"width: .*found -3"):
        read_card(raw(path, {"a": MEAN}, '{"width": -3, "hidden": 4, "classes": 3}'))


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(VidgenBenchError, match=r"i\.safetensors could not be written: No space left") as caught:
        write_instrument(tmp_path / "i.safetensors", CARD, weights(), MEAN)
    assert caught.value.exit_code == 1
    assert list(tmp_path.iterdir()) == []
