"""The index keeps the verdicts of checks, so it must not outlive them: their text is pinned to the number in its version."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.kit.imports import ROOT, ours, sources
from vidgen_bench.leaderboard.index.database import CHECKS

STARTS = ("vidgen_bench.leaderboard.submissions.record_check", "vidgen_bench.records.record")
"""The modules that accept or refuse a file; what they import decides with them."""

PARTS = ("vidgen_bench.leaderboard.", "vidgen_bench.records.", "vidgen_bench.config.")
"""Where checks are; the rest that they import, such as errors and files, refuses no record."""

PINNED = (11, "03fe3b674bd0f26a")
"""The number of the checks, and the digest of their text."""


def checks() -> list[Path]:
    """Return the files that decide about a record: modules, and the tracks and protocols that come with the package."""
    found, left = set[str](), list(STARTS)
    while left:
        if (module := left.pop()) not in found:
            found.add(module)
            left += [name for name in ours(module) if name.startswith(PARTS)]
    config = ROOT / "vidgen_bench" / "config"
    files = {sources()[module] for module in found}
    return sorted({*files, *config.glob("tracks/*.toml"), *config.glob("protocols/*.toml")})


def test_the_text_of_the_checks_is_the_one_of_their_number() -> None:
    text = hashlib.sha256()
    for path in checks():
        text.update(f"{path.relative_to(ROOT).as_posix()}\n{path.read_text()}".encode())
    digest = text.hexdigest()[:16]
    assert (CHECKS, digest) == PINNED, (
        "The checks of records changed. If they accept or refuse other files now, raise CHECKS in vidgen_bench/leaderboard/index/"
        f"database.py. Then pin the new text here: PINNED = ({CHECKS}, {digest!r})."
    )


def test_all_kinds_of_checks_are_pinned() -> None:
    names = {path.stem for path in checks()}
    assert {"record_check", "score_check", "players", "names", "layout", "consistency", "track", "c3d-tgan"} <= names
