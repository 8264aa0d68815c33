"""The split files: numbers that no list has."""

from __future__ import annotations

from pathlib import Path

import pytest

from vidgen_bench.data.ucf101.splits import read_classes, read_list
from vidgen_bench.errors import DataError


@pytest.mark.parametrize("number", ["9" * 5000, "9" * 10, "²", "-1", "1.0"])
def test_numbers_that_no_list_has_are_refused_in_one_line(tmp_path: Path, number: str) -> None:

    (tmp_path / "classInd.txt").write_text(f"{number} Archery\n")
    (tmp_path / "list.txt").write_text(f"Archery/v_Archery_g01_c01.avi {number}\n")
    for read in (
        lambda: read_classes(tmp_path / "classInd.txt"),
        lambda: read_list(tmp_path / "list.txt", labelled=True),
    ):
        with pytest.raises(DataError, match="expected a") as refused:
            read()
        assert len(str(refused.value)) < 500
