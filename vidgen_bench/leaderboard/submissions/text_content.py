"""The content of text files whatever their line ends: git on Windows may check files out with CRLF."""

from __future__ import annotations

import hashlib


def normalised(content: bytes) -> bytes:
    """Return the bytes of a text file with LF line ends; JSON has no line ends inside texts, so only the layout changes."""
    return content.replace(b"\r\n", b"\n")


def content_hash(content: bytes) -> str:
    """Return the SHA-256, in hexadecimal digits, of a text file with LF line ends."""
    return hashlib.sha256(normalised(content)).hexdigest()
