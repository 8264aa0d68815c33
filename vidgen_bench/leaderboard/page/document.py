"""The HTML of the page: templates that ship, with everything inside one file and a policy that lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape

from vidgen_bench.escaping import printable
from vidgen_bench.leaderboard.page.model import PageView
from vidgen_bench.leaderboard.page.svg import LONGEST, markup
from vidgen_bench.leaderboard.page.table import CSV


def render_page(page: PageView) -> str:
    """Return the page as one HTML document.

    Every text is escaped (``autoescape``), and control characters, direction marks and invisible characters in it are spelt. The
    content security policy allows the page's own style, script and pictures by their hashes and as ``data:``, and nothing else.
    """
    style, script = _template("page.css") + _template("narrow.css"), _template("page.js")
    own = f"style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:"
    policy = f"default-src 'none'; {own}; base-uri 'none'; form-action 'none'"
    environment = Environment(
        loader=FunctionLoader(_template),
        autoescape=True,
        finalize=_safe,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"svg": markup, "lines": _lines}
    return environment.get_template("page.html").render(
        page=page, style=Markup(style), script=Markup(script), policy=policy, csv_head=",".join(CSV)
    )


def _safe(value: Any) -> Any:
    """Return a printed value as the page shows it: our own HTML as it is, any other text in printable characters, and cut.

    A percent sign stays on the line of its number.
    """
    if isinstance(value, Markup):
        return value
    if value is None:
        return ""
    text = printable(str(value), LONGEST)
    return Markup(str(escape(text)).replace(" %", "&#160;%")) if " %" in text else text


def _lines(text: str) -> Markup:
    """Return CSV, whose cells are safe to show already, for an attribute that keeps its line breaks."""
    return escape(text)


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _template(name: str) -> str:
    return files("vidgen_bench.leaderboard.page").joinpath("templates", name).read_text(encoding="utf-8")
