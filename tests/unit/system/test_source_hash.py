"""The hash of a package's sources: what changes it, and what does not."""

from __future__ import annotations

import os
import time
import zipfile
from pathlib import Path

import pytest

from vidgen_bench.system.source_hash import Sources, sources_of


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "clouds"
    (folder / "inner").mkdir(parents=True)
    (folder / "__init__.py").write_text("from clouds.inner import rain\n")
    (folder / "inner" / "rain.py").write_text("DROPS = 1\n")
    (folder / "rates.toml").write_text("rate = 1\n")
    return folder


def found(place: Path, **more) -> Sources:
    sources = sources_of(place, **more)
    assert sources is not None
    return sources


def sha256(place: Path, **more) -> str:
    return found(place, **more).sha256


def test_the_hash_is_that_of_paths_and_contents(package: Path, tmp_path: Path) -> None:
    before = sha256(package)
    assert len(before) == 16
    os.utime(package / "rates.toml", (1, 1))
    assert sha256(package) == before  # a copy has other times
    package.rename(tmp_path / "elsewhere")
    assert sha256(tmp_path / "elsewhere") == before


@pytest.mark.parametrize(
    "change",
    [
        lambda p: (p / "inner" / "rain.py").write_text("DROPS = 2\n"),
        lambda p: (p / "rates.toml").write_text("rate = 2\n"),
        lambda p: (p / "new.py").touch(),
        lambda p: (p / "fast.so").write_bytes(b"\x7fELF"),
        lambda p: (p / "rates.toml").unlink(),
        lambda p: (p / "inner" / "rain.py").rename(p / "rain.py"),
    ],
    ids=["module", "data", "new", "extension", "gone", "moved"],
)
def test_a_change_of_the_code_or_its_data_changes_it(package: Path, change) -> None:
    before = sha256(package)
    change(package)
    assert sha256(package) != before


@pytest.mark.parametrize(
    "name", ["__pycache__/rain.pyc", ".rain.py.swp", "README.md", "rain.py~", ".git/HEAD", "old.pyc"]
)
def test_caches_hidden_files_and_texts_for_readers_do_not(package: Path, name: str) -> None:
    before = sha256(package)
    (package / name).parent.mkdir(exist_ok=True)
    (package / name).write_text("x")
    assert sha256(package) == before


def test_line_ends_of_python_files_do_not(package: Path) -> None:
    before = sha256(package)
    (package / "inner" / "rain.py").write_bytes(b"DROPS = 1\r\n")
    assert sha256(package) == before


def test_a_large_file_of_data_counts_with_its_size_and_both_ends(package: Path) -> None:
    weights = package / "weights.pt"
    content = bytearray(2**20)
    weights.write_bytes(content)
    before = sha256(package)
    for change in (0, len(content) - 1):
        content[change] ^= 1
        weights.write_bytes(content)
        assert sha256(package) != before
        content[change] ^= 1
    weights.write_bytes(content + b"x")
    assert sha256(package) != before


def test_every_byte_of_a_large_module_counts(package: Path) -> None:
    module = package / "table.py"
    module.write_text("#" * 2**18)
    before = sha256(package)
    module.write_text("#" * 2**17 + " " + "#" * (2**17 - 1))
    assert sha256(package) != before


def test_a_single_module_counts_alone(tmp_path: Path) -> None:
    module = tmp_path / "drift.py"
    module.write_text("RATE = 1\n")
    before = found(module)
    (tmp_path / "other.py").write_text("x = 1\n")
    assert found(module) == before
    assert before.newest == "drift.py"


def test_some_modules_or_all_but_some_folders(package: Path) -> None:
    one, without = sha256(package, only=("inner/rain",)), sha256(package, without=[package / "inner"])
    (package / "__init__.py").write_text("")
    assert sha256(package, only=("inner/rain",)) == one
    assert sha256(package, without=[package / "inner"]) != without
    (package / "inner" / "rain.py").write_text("DROPS = 3\n")
    assert sha256(package, only=("inner/rain",)) != one


def test_a_package_in_an_archive_counts_without_its_neighbours(package: Path, tmp_path: Path) -> None:
    def archived(drops: int, neighbour: str) -> str:
        archive = tmp_path / f"{drops}{neighbour}.zip"
        with zipfile.ZipFile(archive, "w") as opened:
            opened.writestr("clouds/__init__.py", "")
            opened.writestr("clouds/inner/rain.py", f"DROPS = {drops}\n")
            opened.writestr("clouds/__pycache__/rain.pyc", neighbour)
            opened.writestr("cloudsea.py", neighbour)
        return sha256(archive / "clouds")

    assert archived(1, "a") == archived(1, "b")
    assert archived(1, "a") != archived(2, "a")
    assert sha256(tmp_path / "1a.zip" / "cloudsea.py") != sha256(tmp_path / "1b.zip" / "cloudsea.py")


def test_what_is_not_there_has_no_hash(tmp_path: Path) -> None:
    assert sources_of(tmp_path / "absent") is None
    (tmp_path / "not.zip").write_text("no archive")
    assert sources_of(tmp_path / "not.zip" / "clouds") is None


def test_a_file_that_cannot_be_read_counts_as_such(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sha256(package)
    (package / "secret.py").write_text("x = 1\n")
    real = open

    def denied(path, *rest, **more):
        if str(path).endswith("secret.py"):
            raise PermissionError(13, "Permission denied")
        return real(path, *rest, **more)

    monkeypatch.setattr("builtins.open", denied)
    unreadable = sha256(package)
    monkeypatch.undo()
    assert len({before, unreadable, sha256(package)}) == 3


def test_neither_pipes_nor_links_to_folders_are_followed(package: Path, tmp_path: Path) -> None:
    before = sha256(package)
    os.mkfifo(package / "pipe")
    (package / "nowhere").symlink_to(tmp_path / "absent")
    (package / "round").symlink_to(package)
    assert sha256(package) == before
    (tmp_path / "linked.py").write_text("x = 1\n")
    (package / "linked.py").symlink_to(tmp_path / "linked.py")
    assert sha256(package) != before


def test_the_file_that_was_modified_last_is_named(package: Path) -> None:
    for path in package.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    os.utime(package / "inner" / "rain.py", (1_700_000_000, 1_700_000_000))
    sources = found(package)
    assert (sources.newest, sources.modified.timestamp()) == ("inner/rain.py", 1_700_000_000)
    assert sources.modified.tzinfo is not None
    assert time.time() > sources.modified.timestamp()
