"""The words of a library's error, without its advice to switch a protection off."""

from __future__ import annotations

import re

LONGEST = 200
"""Characters that are quoted unless a call allows more."""

_ADVICE = re.compile(
    r"weights_only|weights only|allow_pickle|safe_globals|max_header_size|pickle_module|(torch|numpy|np|pickle)\.load"
    r"|set_int_max_str_digits|unsafe|arbitrary code|trust|sandbox",
    re.IGNORECASE,
)
"""Words of the advice of torch, numpy and Python; a sentence that has one of them is not quoted."""

_SENTENCES = re.compile(r"(?<=[.!?:;])\s+|\n+")
_STYLE = re.compile(r"\x1b\[[0-9;]*m")

_INSTEAD = (
    ("torchscript", "it is a TorchScript archive, a program, which is never run here"),
    ("pickle", "it holds Python objects (a pickle), which could run code and are never opened"),
)
"""What is said where nothing but advice is left, by a word of the error."""


def reason(error: object, longest: int = LONGEST) -> str:
    """Return an error's text on one line, to be quoted in a message of ours, without a full stop at the end.

    torch and numpy refuse files that could run code, and their messages explain how to open them anyway. A message of ours quotes the
    fault, never that advice: whoever made such a file would be glad of it.

    Args:
        error: an exception, or its text.
        longest: the number of characters to quote.
    """
    text = _STYLE.sub("", str(error))
    kept = [part for part in _SENTENCES.split(text) if not _ADVICE.search(part)]
    quoted = " ".join("".join(c if c.isprintable() else " " for c in " ".join(kept)).split()).rstrip(" .:;")
    if quoted:
        return quoted if len(quoted) <= longest else quoted[:longest].rpartition(" ")[0] + " ..."
    said = f"{text} {type(error).__name__}".lower()
    return next((instead for word, instead in _INSTEAD if word in said), "it is damaged or ends early")
