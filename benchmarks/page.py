"""``python -m benchmarks.page TABLES PAGE``: put the tables of a Markdown file between the two markers of a page."""

from __future__ import annotations

import sys
from pathlib import Path

BEGIN, END = "<!-- measured on a GPU: begin -->", "<!-- measured on a GPU: end -->"


def placed(page: str, tables: str) -> str:
    """Return the page with these tables between its markers.

    Raises:
        ValueError: the page does not have both markers, once each and in this order.
    """
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        raise ValueError(f"expected the lines {BEGIN!r} and {END!r} once each, in this order")
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n\n{tables.strip()}\n\n{END}{after}"


def main(arguments: list[str]) -> None:
    """Rewrite the page, or explain why not."""
    if len(arguments) != 2:
        print("error: expected python -m benchmarks.page TABLES PAGE", file=sys.stderr)
        sys.exit(2)
    tables, page = map(Path, arguments)
    try:
        # one level lower than in the tables' own file, because the page has a heading of its own for them
        text = "\n".join(
            f"#{line}" if line.startswith("#") else line for line in tables.read_text("utf-8").splitlines()
        )
        page.write_text(placed(page.read_text("utf-8"), text), encoding="utf-8")
    except (OSError, ValueError) as error:
        print(f"error: {page} was not changed: {error}.", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
