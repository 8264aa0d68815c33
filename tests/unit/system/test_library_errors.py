"""Messages quote the fault that a library names, and never its advice to switch a protection off."""

from __future__ import annotations

import io
import json
import pickle
import re
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from vidgen_bench.system.library_errors import reason

ADVICE = re.compile(r"weights_only|allow_pickle|safe_globals|max_header_size|trust|unsafe|\x1b", re.IGNORECASE)


class Runs:
    """A pickle that would run code."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("ran",)


def saved(content: object, **options: bool) -> io.BytesIO:
    stream = io.BytesIO()
    torch.save(content, stream, **options)
    return io.BytesIO(stream.getvalue())


def objects(save: Callable[..., None]) -> io.BytesIO:
    stream = io.BytesIO()
    save(stream, np.array([{}], dtype=object))
    return io.BytesIO(stream.getvalue())


def script() -> io.BytesIO:
    stream = io.BytesIO()
    torch.jit.save(torch.jit.trace(nn.Linear(1, 1), torch.zeros(1, 1)), stream)
    return io.BytesIO(stream.getvalue())


def long_header() -> io.BytesIO:
    return io.BytesIO(b"\x93NUMPY\x02\x00" + (20_000).to_bytes(4, "little") + b" " * 20_000)


def torch_load(stream: io.BytesIO) -> object:
    return torch.load(stream, weights_only=True)


def np_load(stream: io.BytesIO) -> object:
    found = np.load(stream, allow_pickle=False)
    return found["arr_0"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize(
    ("load", "make", "words"),
    [
        (torch_load, lambda: saved(nn.Linear(1, 1)), "GLOBAL torch.nn.modules.linear.Linear was not an allowed global"),
        (torch_load, lambda: saved({"a": Runs()}), "print"),
        (torch_load, lambda: saved(Runs(), _use_new_zipfile_serialization=False), "print"),
        (torch_load, lambda: io.BytesIO(pickle.dumps(Runs())), "Unsupported operand"),
        (torch_load, lambda: io.BytesIO(b"nonsense"), "Unsupported operand"),
        (torch_load, script, "a program, which is never run here"),
        (torch_load, lambda: io.BytesIO(b""), "damaged or ends early"),
        (np_load, lambda: objects(np.save), "Python objects (a pickle), which could run code and are never opened"),
        (np_load, lambda: objects(np.savez), "Python objects (a pickle), which could run code and are never opened"),
        (np_load, lambda: io.BytesIO(b"nonsense"), "pickled (object) data"),
        (np_load, long_header, "Header info length (20000) is large and may not be safe to load"),
    ],
)
def test_the_fault_is_quoted_and_the_advice_is_not(
    load: Callable[[io.BytesIO], object], make: Callable[[], io.BytesIO], words: str
) -> None:
    with pytest.raises(Exception) as caught:
        load(make())
    quoted = reason(caught.value)
    assert words in quoted
    assert not ADVICE.search(quoted)
    assert quoted.isprintable()


def test_a_long_number_in_json_is_refused_without_advice() -> None:
    with pytest.raises(ValueError, match="set_int_max_str_digits") as caught:
        json.loads("9" * 5000)
    assert reason(caught.value).endswith("value has 5000 digits")


def test_other_errors_are_quoted_on_one_line() -> None:
    assert reason(ValueError("bad magic:\n  expected 7.")) == "bad magic: expected 7"
    assert reason(ValueError("word " * 100), 18) == "word word word ..."
    assert reason(KeyError()) == "it is damaged or ends early"
