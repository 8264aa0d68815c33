"""Parsers for the three lists of the UCF101 layout: classInd.txt, trainlist0N.txt and testlist0N.txt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vidgen_bench.errors import DataError

_NUMBER = re.compile(r"\d{1,9}\Z")
_ENTRY = re.compile(r"(?P<folder>[^/\\]+)/(?P<file>v_(?P<stem>.+)_g\d+_c\d+\.\w+)\Z", re.IGNORECASE)


@dataclass(frozen=True)
class Line:
    """One entry of a list: its file and line number, the folder and file it names, and its label from 0 if it has one."""

    where: str
    folder: str
    file: str
    label: int | None

    @property
    def name(self) -> str:
        """``Class/v_Class_g01_c01.avi`` as spelt in the list."""
        return f"{self.folder}/{self.file}"


def _shown(text: str) -> str:
    return repr(text if len(text) <= 200 else f"{text[:197]}...")


def read_classes(path: Path) -> tuple[str, ...]:
    """Return the class names of classInd.txt in the order of their numbers.

    Raises:
        DataError: a line is not like ``1 ApplyEyeMakeup``, or the numbers are not 1, 2, 3 ... without gaps or repetitions.
    """
    numbers: dict[int, str] = {}
    seen: dict[str, str] = {}
    for where, text in _lines(path):
        number, _, name = text.partition(" ")
        name = name.strip()
        if not _NUMBER.match(number) or not name or "/" in name or "\\" in name or name in (".", ".."):
            raise DataError(f"{where}: {_shown(text)}: expected a number and a class name, as in '1 ApplyEyeMakeup'.")
        if int(number) in numbers or name.casefold() in seen:
            raise DataError(
                f"{where}: {text!r}: this number or class is already on an earlier line. Remove one of them."
            )
        numbers[int(number)], seen[name.casefold()] = name, where
    if not numbers:
        raise DataError(f"{path}: the file lists no classes; expected lines such as '1 ApplyEyeMakeup'.")
    if sorted(numbers) != list(range(1, len(numbers) + 1)):
        raise DataError(
            f"{path}: the class numbers are {_few(sorted(numbers))}; expected 1 to {len(numbers)} without gaps."
        )
    return tuple(numbers[i] for i in sorted(numbers))


def read_list(path: Path, labelled: bool) -> list[Line]:
    """Return the entries of a training list (``Class/v_Class_g01_c01.avi 1``) or a test list (without the label).

    Raises:
        DataError: a line has another form, a path leads out of the folder, or the list is empty.
    """
    entries = [_entry(where, text, labelled) for where, text in _lines(path)]
    if not entries:
        raise DataError(f"{path}: the list is empty; expected lines such as 'Archery/v_Archery_g01_c01.avi'.")
    return entries


def _entry(where: str, text: str, labelled: bool) -> Line:
    name, label = text, None
    if labelled or re.search(r"\s\d+\Z", text):  # some copies of the test lists have labels too
        name, _, number = text.rpartition(" ")
        if not name or not _NUMBER.match(number) or int(number) < 1:
            raise DataError(
                f"{where}: {_shown(text)}: expected a video and its class number, as in 'Archery/v_Archery_g01_c01.avi 3'."
            )
        name, label = name.strip(), int(number) - 1
    parts = re.split(r"[/\\]", name)
    if ".." in parts or name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
        raise DataError(
            f"{where}: {name!r} leads out of the folder of videos; expected a path inside it, such as 'Class/v_Class_g01_c01.avi'."
        )
    match = _ENTRY.match(name)
    if match is None or match["folder"] == ".":
        raise DataError(f"{where}: {text!r}: expected Class/v_Class_gNN_cNN.avi, with the class as folder name.")
    if match["stem"].casefold() != match["folder"].casefold():
        raise DataError(
            f"{where}: {name!r}: the file name has the class {match['stem']!r}, its folder {match['folder']!r}."
        )
    return Line(where, match["folder"], match["file"], label)


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yield ``("trainlist01.txt:7", text)`` for every line that is not blank."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DataError(
            f"{path} does not exist; --splits must be the folder with classInd.txt, trainlist0N.txt and testlist0N.txt."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read as text ({error}).") from error
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield f"{path}:{number}", line.strip()


def _few(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:8]))
    return f"{shown} ..." if len(numbers) > 8 else shown
