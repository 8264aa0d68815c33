"""A finished store: damage is reported, and a folder that is not a store is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.data_files import write_tree
from tests.kit.prepared_videos import prepared
from vidgen_bench.data.store import Store
from vidgen_bench.errors import DataError


def test_damage_to_a_finished_store_is_reported(tmp_path: Path) -> None:
    store = prepared(write_tree(tmp_path), tmp_path / "cache")
    frames = store.folder / "frames.u8"
    good = frames.read_bytes()
    frames.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    with pytest.raises(DataError, match=r"damaged: the frames of Beta/v_Beta_g03_c01\.avi"):
        Store.open(store.folder).verify()
    frames.write_bytes(good[:-1])
    with pytest.raises(DataError, match=r"damaged: frames\.u8 has"):
        Store.open(store.folder)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"format": 1', '"format": 2'),
        ('"label": 1', '"label": 7'),
        ('"first": 8', '"first": 9'),
        ('"split": "test"', '"split": "tset"'),
        ("{", ""),
    ],
)
def test_an_index_edited_by_hand_is_refused(tmp_path: Path, old: str, new: str) -> None:
    store = prepared(write_tree(tmp_path), tmp_path / "cache")
    path = store.folder / "index.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(DataError, match=r"damaged: .*\. The next run deletes that folder"):
        Store.open(store.folder)


def test_a_folder_that_is_not_a_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not a store of decoded videos"):
        Store.open(tmp_path)
