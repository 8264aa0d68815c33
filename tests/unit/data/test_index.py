"""The index of a store: one number determines the format that is written and read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.kit.data_files import SMALL, write_tree
from vidgen_bench.data import index, prepare
from vidgen_bench.data.store import INDEX_FILE
from vidgen_bench.errors import DataError


def test_a_raised_format_is_written_and_required(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write_tree(tmp_path, groups=2)

    def store() -> Path:
        made = prepare.prepare(source, split=1, geometry=SMALL, clip_frames=4, cache=tmp_path / "cache", workers=1)
        return made.folder / INDEX_FILE

    old = store()
    assert json.loads(old.read_text())["format"] == index.FORMAT
    for module in (index, prepare):
        monkeypatch.setattr(module, "FORMAT", index.FORMAT + 1 if module is index else index.FORMAT)
    new = store()
    assert new.parent != old.parent
    assert json.loads(new.read_text())["format"] == index.FORMAT == index.read_index(new).format
    with pytest.raises(DataError, match="damaged"):
        index.read_index(old)
    monkeypatch.undo()
    assert index.read_index(old).format == index.FORMAT
    with pytest.raises(DataError, match="damaged"):
        index.read_index(new)
