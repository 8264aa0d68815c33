"""The zip in which torch saves tensors. torch compresses nothing, so a file from elsewhere that is compressed was made to grow."""

from __future__ import annotations

import io
import zipfile


def compressed_member(content: bytes) -> str | None:
    """Return the name of a member that is compressed, or None; content that is no zip has none.

    Raises:
        Exception: the zip is damaged; zipfile raises many types.
    """
    if not content.startswith(b"PK"):
        return None
    members = zipfile.ZipFile(io.BytesIO(content)).infolist()
    return next((member.filename for member in members if member.compress_type != zipfile.ZIP_STORED), None)
