"""Texts from elsewhere, such as names in records and files, made safe to show: one function per format.

Records, samples, plugins and folders come from other people. Their texts are kept as they are, and escaped where they are rendered: a
terminal obeys control characters, a Markdown page has links and images, a spreadsheet evaluates formulas.

| format | function |
|---|---|
| terminal, messages | :func:`one_line`; :func:`lines` keeps the line breaks; :func:`printable` also cuts |
| Markdown, and the page that GitHub makes of it | :func:`markdown`; :func:`markdown_code` for a code span |
| LaTeX | :func:`latex` |
| CSV | :func:`csv_cell` |
| JSON | :func:`json_text` |
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

LONGEST = 400
"""Characters of a path or reason; the rest is cut."""

_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Characters that show nothing although Unicode counts them as letters, marks or symbols."""


def one_line(text: str) -> str:
    r"""Return a text on one line, in which control characters, direction marks and invisible characters are spelt, as in ``\x1b``."""
    return text if _plain(text) else _spelt(" ".join(text.split("\n")))


def lines(text: str) -> str:
    """Return a text with the same characters spelt; its line breaks stay."""
    return text if _plain(text) else "\n".join(map(one_line, text.split("\n")))


def printable(text: str, longest: int = LONGEST) -> str:
    """Return a text on one line, cut to ``longest`` characters before its unprintable characters are spelt."""
    cut = text if len(text) <= longest else text[:longest] + f"... ({len(text):,} characters)"
    return one_line(cut)


def _plain(text: str) -> bool:
    return text.isprintable() and (text.isascii() or not _INVISIBLE.search(text))


def _spelt(text: str) -> str:
    return "".join(c if _plain(c) else c.encode("unicode_escape", "backslashreplace").decode() for c in text)


_MARKS = re.compile(r"[\\|*_<`\[\]!&~>$]|^#")
"""What is a mark anywhere in Markdown: emphasis, code, a link, an image, HTML, an entity, a formula, a heading or a quotation."""

_REFERENCE = re.compile(r"@(?=\w)|(#|\bGH-)(?=\d+\b)|(\b[a-z]+:)(?=//)|(\bwww)(?=\.)", re.IGNORECASE)
"""What begins a mention, an issue's number or a link on GitHub, which needs no other mark for them.

The hash at the end of a protocol id is not a number, and stays as it is, to be searched for.
"""


def markdown(text: str) -> str:
    """Return a text on one line that is nothing but text in Markdown, in a table too, and without mentions and links on GitHub.

    A mention or link is broken by a zero-width space, spelt ``&#8203;`` so that a reader of the source sees it; a backslash has no effect.
    """
    escaped = _MARKS.sub(r"\\\g<0>", " ".join(one_line(text).split()))
    return _REFERENCE.sub(r"\g<0>&#8203;", escaped)


def markdown_code(text: str) -> str:
    """Return a text as a code span; a backtick, which would end it, becomes an apostrophe."""
    return f"`{one_line(text).replace('`', chr(39)) or ' '}`"


_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$", "↑": r"$\uparrow$", "↓": r"$\downarrow$",
    "–": "--", "<": r"$<$", ">": r"$>$", "²": r"$^2$", "·": r"$\cdot$", "σ": r"$\sigma$", "μ": r"$\mu$",
    "∞": r"$\infty$", "×": r"$\times$", "−": r"$-$", "≤": r"$\le$", "≥": r"$\ge$", "…": r"\dots{}", "—": "---", "→": r"$\to$",
    "|": r"$|$", "[": "{[}", "]": "{]}", "\0": "{}",
}  # fmt: skip
"""A bracket at the start of a row would be an argument of the line break before it; the last entry separates two hyphens."""

_LATEX_LETTERS = frozenset(
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿĆćČčĎďĚěĞğĹĺĽľŁłŃńŇňŐőŒœŔŕŘřŚśŞşŠšŤťŮůŰűŸŹźŻżŽž"
)
"""The letters outside ASCII that LaTeX's first fonts have."""


def latex(text: str) -> str:
    """Return a text on one line with LaTeX's special characters escaped; a character that its first fonts lack is spelt: ``U+4E2D``."""
    plain = re.sub("-(?=-)", "-\0", unicodedata.normalize("NFC", one_line(text)))  # two hyphens would become a dash
    escaped = "".join(map(_in_latex, plain))
    return f"{{*}}{escaped[1:]}" if escaped.startswith("*") else escaped  # as with a bracket


def _in_latex(character: str) -> str:
    if character in _LATEX or character.isascii() or character in _LATEX_LETTERS:
        return _LATEX.get(character, character)
    return f"U+{ord(character):04X}"


_FORMULA = re.compile(r"(^|;)(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""Where a spreadsheet would see the start of a formula; where ``;`` separates cells, as in many countries, also behind it."""

_NUMBERS = re.compile(r"[-+]?[0-9.]+(e[-+]?[0-9]+)?( [-+]?[0-9.]+(e[-+]?[0-9]+)?)*", re.IGNORECASE)


def csv_cell(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula: a text gets ``'`` before ``= + - @``; numbers, also as text, stay."""
    if not isinstance(value, str) or _NUMBERS.fullmatch(value):
        return value
    mark = "'" if value.startswith(("\t", "\r")) else ""  # a spreadsheet drops these and reads on
    return mark + _FORMULA.sub(r"\1'", one_line(value))


_NOT_ASCII = re.compile(r"[^\n -~]")


def json_text(value: Any, indent: int | None = 2) -> str:
    r"""Return a value as strict JSON, with :func:`finite` numbers, and ``\u`` escapes for unprintable characters.

    Any reader gets the same texts back, and a terminal that shows the JSON obeys none of them.
    """
    try:
        text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    except ValueError:
        text = json.dumps(finite(value), indent=indent, ensure_ascii=False, allow_nan=False)
    return _NOT_ASCII.sub(lambda found: _in_json(found[0]), text)


def finite(value: Any) -> Any:
    """Return a value in which every number that JSON does not have is a text: ``inf``, ``-inf`` or ``nan``."""
    if isinstance(value, Mapping):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _in_json(character: str) -> str:
    if _plain(character):
        return character
    return r"\u007f" if character == "\x7f" else json.dumps(character)[1:-1]
