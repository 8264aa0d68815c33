"""Checks that a text in some format has nothing that a terminal, a page, a spreadsheet or a typesetter would obey."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any, NoReturn

from markdown_it import MarkdownIt

_OWN_HTML = {"<br>", "<sup>", "</sup>"}

_INLINE = {
    "text",
    "text_special",
    "em_open",
    "em_close",
    "s_open",
    "s_close",
    "code_inline",
    "softbreak",
    "html_inline",
}

_BLOCKS = {"heading", "paragraph", "bullet_list", "list_item", "table", "thead", "tbody", "tr", "th", "td"}


def check_text(text: str) -> None:
    """Check for control characters, direction marks and invisible characters; the styles of our own output are taken out first."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert [c for c in plain if not (c.isprintable() or c == "\n")] == []
    assert "\u3164" not in plain


def check_markdown(text: str) -> None:
    """Check for links, images, HTML, emphasis, quotations, code blocks, addresses, mentions and entities of somebody else."""
    check_text(text)
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    blocks = {re.sub("_(open|close)$", "", token.type) for token in tokens}
    assert blocks <= _BLOCKS | {"inline"}
    children = [child for token in tokens for child in token.children or ()]
    assert {child.type for child in children} <= _INLINE
    assert {child.content for child in children if child.type == "html_inline"} <= _OWN_HTML
    assert not re.search(r":(?=//)|\bwww\.", re.sub(r"`[^`]*`", "", text))
    assert not re.search(r"@octocat|#12\b", html.unescape(text))
    assert not re.search(r"[\u202a-\u202e\u2066-\u2069]", html.unescape(text))


def check_csv(text: str) -> None:
    """Check for cells that a spreadsheet evaluates."""
    check_text(text)
    for row in csv.reader(io.StringIO(text)):
        for cell in row:
            assert re.fullmatch(r"(-?[0-9.e+-]+ ?)*", cell) or not re.match(r"\s*[=+\-@]", cell), cell
            assert not re.search(r";\s*[=+\-@]", cell), cell


def check_latex(text: str) -> None:
    """Check for commands, formulas and comments of somebody else."""
    check_text(text)
    assert r"\input" not in text
    assert not re.search(r"(?<!\\)%|(?<!\\)#|(?<!\\)_|(?<!\\)\$x", text)


def check_json(text: str) -> Any:
    """Check for what JSON does not have, and return the value."""
    check_text(text)

    def refuse(constant: str) -> NoReturn:
        raise AssertionError(constant)

    return json.loads(text, parse_constant=refuse)


def strings(value: Any) -> Iterator[str]:
    """Yield every text in a value of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from strings(inner)


_LINKS = {"href": ("#", "data:,"), "src": ("data:image/webp;base64,",)}

_TAGS = re.compile(
    "html|head|meta|link|title|style|body|header|h1|h2|div|p|nav|ul|li|a|main|section|b|br|span|label|input|button|output|table|thead|tbody"
    "|colgroup|col|tr|th|td|caption|wbr|sub|s|svg|path|rect|text|g|figure|figcaption|details|summary|dl|dt|dd|script|img"
)


class _Page(HTMLParser):
    """Checks every tag and attribute of our page."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert _TAGS.fullmatch(tag), tag
        for name, value in attrs:
            assert not name.startswith("on"), name
            assert name != "style"
            if name in _LINKS:
                assert (value or "").startswith(_LINKS[name]), value

    handle_startendtag = handle_starttag


def check_html(text: str) -> None:
    """Check for tags, attributes and addresses of somebody else; the only script and the only style are those that the policy names."""
    check_text(text)
    assert (text.count("<script"), text.count("<style")) == (1, 1)
    _Page().feed(text)
