"""A TorchScript archive is a program: it runs only if its sha256 is known, or if the user said that they trust it."""

from __future__ import annotations

import hashlib
import re
import shutil
import warnings
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from tests.kit.i3d_files import SLIM, LikeStyleGANV, archive, pattern_weights, saved
from vidgen_bench.errors import RequestError
from vidgen_bench.measure.instruments.i3d import trust
from vidgen_bench.measure.instruments.i3d.instrument import read_instrument
from vidgen_bench.measure.instruments.i3d.weights_import import import_i3d

NOTHING_RAN = r"is a TorchScript archive: a program, which would run on this machine.* Nothing was run\."


class Overwrites(nn.Module):
    """A program that overwrites a file, in forward and, as a state that is loaded, before."""

    def __init__(self, victim: str) -> None:
        super().__init__()
        self.victim = victim

    @torch.jit.export
    def __getstate__(self) -> str:
        return self.victim

    @torch.jit.export
    def __setstate__(self, victim: str) -> None:
        self.victim = victim
        self.training = False
        torch.ops.aten.save("anything", victim)

    def forward(self, x: Tensor, rescale: bool = False, resize: bool = False, return_features: bool = False) -> Tensor:
        """Return [N, 400]."""
        torch.ops.aten.save("anything", self.victim)
        return x.new_zeros(x.shape[0], 400)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "instruments" / "i3d" / "i3d-kinetics400.weights"


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    (tmp_path / "victim").write_text("precious")
    return tmp_path / "victim"


@pytest.fixture
def program(tmp_path: Path, victim: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return archive(tmp_path / "rgb_imagenet.pt", Overwrites(str(victim)))


def test_an_archive_runs_nothing_until_it_is_trusted(program: Path, target: Path, victim: Path) -> None:
    with pytest.raises(RequestError, match=NOTHING_RAN) as caught:
        import_i3d(program, target)
    assert caught.value.exit_code == 2
    assert hashlib.sha256(program.read_bytes()).hexdigest() in str(caught.value)
    assert "add --trust-program" in str(caught.value)
    assert victim.read_text() == "precious"
    assert not target.parent.exists()
    lines = import_i3d(program, target, trusted=True).lines
    assert "It is a program and runs whenever it measures clips: you said that you trust it (--trust-program)." in lines
    assert victim.read_bytes() != b"precious"  # the test's own proof that the program would have run


def test_an_archive_that_was_never_trusted_does_not_run_when_it_measures(
    program: Path, target: Path, victim: Path
) -> None:
    target.parent.mkdir(parents=True)
    shutil.copy(program, target)
    with pytest.raises(RequestError, match=NOTHING_RAN + r".* --trust-program --force$"):
        read_instrument(target, "fvd")
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("damage", [b"", b"{", b'{"sha256": "0", "because": "--trust-program"}'])
def test_the_decision_is_about_one_content(tmp_path: Path, target: Path, damage: bytes) -> None:
    import_i3d(archive(tmp_path / "a.pt", LikeStyleGANV()), target, trusted=True)
    read_instrument(target, "fvd")
    decision = trust.trust_file(target).read_bytes()
    trust.trust_file(target).write_bytes(damage)
    with pytest.raises(RequestError, match=NOTHING_RAN):
        read_instrument(target, "fvd")
    trust.trust_file(target).write_bytes(decision)
    shutil.copy(archive(tmp_path / "b.pt", LikeStyleGANV(scale=2.0)), target)
    with pytest.raises(RequestError, match=NOTHING_RAN):
        read_instrument(target, "fvd")


def test_a_known_archive_needs_no_word_from_the_user(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = archive(tmp_path / "a.pt", LikeStyleGANV())
    monkeypatch.setattr(trust, "KNOWN", {hashlib.sha256(source.read_bytes()).hexdigest(): "the published file"})
    assert (
        "It is a program and runs whenever it measures clips: the published file." in import_i3d(source, target).lines
    )
    trust.trust_file(target).unlink()  # imported before decisions were kept
    read_instrument(target, "fvd")


def test_a_state_dict_leaves_no_decision_behind(tmp_path: Path, target: Path) -> None:
    import_i3d(archive(tmp_path / "a.pt", LikeStyleGANV()), target, trusted=True)
    assert trust.trust_file(target).exists()
    import_i3d(saved(tmp_path / "b.pt", pattern_weights(SLIM)), target, SLIM)
    assert not trust.trust_file(target).exists()


def test_known_archives_are_named_by_a_sha256() -> None:
    assert all(re.fullmatch(r"[0-9a-f]{64}", sha256) and about for sha256, about in trust.KNOWN.items())
