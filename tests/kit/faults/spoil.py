"""Spoils files: bits and blocks of bytes, values of JSON and TOML, and texts that terminals, pages or shells act on."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from typing import Any

HOSTILE = (
    "\x1b[2J\x1b]8;;http://x\x07", "\u202egnp.exe", "[red]x[/red]", "[/x]", ":smile:", "=cmd|'/C calc'!A0", "@everyone",
    "<img src=x onerror=alert(1)>", "![x](http://x)", "| a | b |", "../../victim", "/etc/passwd", "", " ", "\x00", "x" * 5000,
    "\ud800", "nan", "~", "$(touch victim)", "{0.__class__}", "%s%n", "\n# heading",
)  # fmt: skip
"""Texts that somebody or something might act on."""

VALUES: tuple[Any, ...] = (
    None, True, False, [], {}, [[]], {"x": {}}, "", 0, -1, 1, 2**31 - 1, 2**63, -(2**63), 10**30, 10**400, 0.5, -0.0, 1e-320, 1e308,
    -1e308, math.inf, -math.inf, math.nan,
)  # fmt: skip
"""Values of another type or size than expected."""


def spoil_bytes(content: bytes, chance: random.Random) -> bytes:
    """Return the content with one to three faults of a disk, a network or a forger."""
    made = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        if not made:
            return chance.randbytes(chance.randrange(64))
        at = chance.randrange(len(made))
        near = at if chance.random() < 0.5 else min(at, chance.randrange(1, 512), len(made) - 1)  # headers matter most
        size = chance.choice((1, 2, 4, 8, 64, 1024))
        match chance.randrange(7):
            case 0:
                made[near] ^= 1 << chance.randrange(8)
            case 1:
                made[near : near + 4] = chance.choice(
                    (b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", bytes(4), b"\x00\x00\x00\x80")
                )
            case 2:
                del made[at:]
            case 3:
                made[near : near + size] = bytes(size)
            case 4:
                made[near : near + size] = chance.randbytes(size)
            case 5:
                del made[near : near + size]
            case 6:
                made[near:near] = made[at : at + size]
    return bytes(made)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from _places(inner, (*path, key))


def spoil_json(content: bytes, chance: random.Random) -> bytes:
    """Return JSON with one value replaced, renamed, removed or repeated; now and then with a fault of its bytes or depth."""
    if chance.random() < 0.1:
        return chance.choice(
            (b"[" * 20_000, b'{"a":' * 20_000, b"9" * 5_000, b"\xff\xfe", b"", spoil_bytes(content, chance))
        )
    table = json.loads(content)
    places = list(_places(table))
    if not places:
        return spoil_bytes(content, chance)
    for _ in range(chance.choice((1, 1, 2))):
        *path, key = chance.choice(places)
        inner = table
        try:
            for step in path:
                inner = inner[step]
            _change(inner, key, chance)
        except (KeyError, IndexError, TypeError):  # an earlier change has taken the place away
            continue
    return json.dumps(table).encode("utf-8", "surrogatepass")


def _change(inner: Any, key: Any, chance: random.Random) -> None:
    value = chance.choice(HOSTILE) if chance.random() < 0.5 else chance.choice(VALUES)
    match chance.randrange(4):
        case 0 if isinstance(inner, dict):
            inner[chance.choice(HOSTILE)] = inner.pop(key)
        case 1:
            del inner[key]
        case 2 if isinstance(inner, list):
            inner.append(inner[key])
        case _:
            inner[key] = value


TOML = (
    "[" * 20_000, "x = " + "[" * 20_000, "9" * 5_000, ".".join("a" * 20_000) + " = 1", "1979-05-27T07:32:00Z", "nan", "inf", "-inf",
    "{ }", "[[[]]]", '"\\u0000"', '"""', "'", "0x" + "f" * 4_000, "1e400", "true", "[budget]", "[data]", "#", '"\x7f"',
)  # fmt: skip
"""Pieces of TOML that parsers stumble over."""


def spoil_text(content: bytes, chance: random.Random) -> bytes:
    """Return lines of TOML or of a list with one or two of them changed."""
    lines = content.decode("utf-8", "surrogateescape").split("\n")
    for _ in range(chance.choice((1, 1, 2))):
        at = chance.randrange(len(lines))
        key, equals, _ = lines[at].partition("=")
        word = chance.choice((*TOML, *HOSTILE, str(chance.choice(VALUES)), json.dumps(chance.choice(HOSTILE))))
        match chance.randrange(6):
            case 0:
                lines[at] = word
            case 1:
                lines.insert(at, chance.choice(lines))
            case 2:
                del lines[at : at + 1]
                lines = lines or [""]
            case 3:
                lines[at] = lines[at].replace(" ", chance.choice(("  ", "\t", "\r", " 99999999999999999999 ")), 1)
            case _:
                lines[at] = f"{key}= {word}" if equals else f"{lines[at]} {word}"
    text = "\n".join(lines).encode("utf-8", "surrogatepass")
    return spoil_bytes(text, chance) if chance.random() < 0.1 else text


def spoil(name: str, content: bytes, chance: random.Random) -> bytes:
    """Return a spoiled file of this name: its structure where the name tells it, else its bytes."""
    if chance.random() < 0.25:
        return spoil_bytes(content, chance)
    if name.endswith(".json"):
        return spoil_json(content, chance)
    if name.endswith(".jsonl"):
        first, *rest = content.splitlines(keepends=True) or [b"{}"]
        return spoil_json(first, chance) + b"\n" + b"".join(rest)
    if name.endswith((".toml", ".txt")):
        return spoil_text(content, chance)
    return spoil_bytes(content, chance)
