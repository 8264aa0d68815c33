"""SVG as elements: the serialiser escapes every text and attribute, so a text from a record is never markup."""

from __future__ import annotations

import math
from xml.etree import ElementTree

from markupsafe import Markup

from vidgen_bench.escaping import printable

Element = ElementTree.Element

Box = tuple[float, float, float, float]
"""Left, top, width and height of a view."""

LONGEST = 2_000
"""Characters of a text from a record, such as a spec in a sentence; the rest is cut."""

_CAMEL = frozenset({"viewBox", "preserveAspectRatio"})


def element(tag: str, *inside: Element | str, **attributes: str | float | None) -> Element:
    """Return an element.

    Args:
        tag: its name.
        inside: its children, and its text, which comes first.
        attributes: ``class_`` is ``class``, and ``text_anchor`` is ``text-anchor``; None leaves an attribute out. Unprintable
            characters are spelt.
    """
    made = Element(tag)
    for name, value in attributes.items():
        if value is not None:
            known = name.removesuffix("_")
            text = printable(value, LONGEST) if isinstance(value, str) else short(value)
            made.set(known if known in _CAMEL else known.replace("_", "-"), text)
    for part in inside:
        if isinstance(part, str):
            made.text = printable(part, LONGEST)
        else:
            made.append(part)
    return made


def path(class_: str, *steps: str) -> Element:
    """Return a path; ``steps`` are commands with coordinates, as from :func:`move`, and nothing else."""
    made = element("path", class_=class_)
    made.set("d", "".join(steps))
    return made


def move(x: float, y: float) -> str:
    """Return the step to a point."""
    return f"M{short(x)} {short(y)}"


def picture(label: str, *inside: Element, box: Box, **attributes: str | None) -> Element:
    """Return an image with the text alternative ``label``."""
    view = " ".join(map(short, box))
    return element("svg", *inside, viewBox=view, role="img", aria_label=label, **attributes)


def markup(made: Element) -> Markup:
    """Return an element as HTML, in which the serialiser has escaped every text."""
    return Markup(ElementTree.tostring(made, encoding="unicode"))


def short(value: float) -> str:
    """Return a coordinate with at most one decimal: ``12`` or ``12.5``; 0 for a number that is not finite."""
    return f"{value:z.1f}".removesuffix(".0") if math.isfinite(value) else "0"
