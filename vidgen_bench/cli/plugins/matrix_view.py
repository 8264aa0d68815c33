"""``plugins --matrix``: which temporal generators fit which backbones on a track, with the reasons for refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType

    from vidgen_bench.compose.matrix import Cell
    from vidgen_bench.config.track import Track

OWN, WORKS = "own", "yes"
ALONE = "(alone)"


def as_json(track: Track, cells: list[Cell]) -> dict[str, Any]:
    """Return the grid as plain values."""
    return {
        "track": track.name,
        "pairs": [
            {
                "spec": c.spec,
                "backbone": c.backbone,
                "temporal": c.temporal,
                "own": c.own,
                "works": c.refusal is None,
                "reason": c.refusal and str(c.refusal),
            }
            for c in cells
        ],
    }


def grid(track: Track, cells: list[Cell]) -> RenderableType:
    """Return one row per temporal generator and one column per backbone; refusals are numbers, explained beneath."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    backbones = list(dict.fromkeys(c.backbone for c in cells))
    rows = list(dict.fromkeys(c.temporal for c in cells))
    rows.sort(key=lambda temporal: temporal is None)
    by_pair = {(c.backbone, c.temporal): c for c in cells}
    reasons = {text: n for n, text in enumerate(dict.fromkeys(c.reason for c in cells if c.reason), start=1)}
    table = Table.grid(padding=(0, 2, 0, 0))  # eight backbones fit into 80 columns
    table.add_column(no_wrap=True, style="bold")
    for _ in backbones:
        table.add_column(no_wrap=True)
    table.add_row("", *(Text(name, style="bold") for name in backbones))
    for temporal in rows:
        shown = [_shown(by_pair.get((backbone, temporal)), reasons) for backbone in backbones]
        table.add_row(temporal or ALONE, *shown)
    legend = f"{OWN}: the backbone's own; {WORKS}: works; (n): refused" + (", see below" if reasons else "")
    return Group(
        Text(f"temporal generators on backbones, track {track.name}", style="bold cyan"),
        Padding(table, (0, 0, 0, 2)),
        Padding(Text(legend, style="dim"), (0, 0, 1, 2)),
        _notes(reasons),
    )


def _notes(reasons: dict[str, int]) -> RenderableType:
    from rich.console import Group
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    notes = Table.grid(padding=(0, 2, 0, 0))
    notes.add_column(justify="right", style="dim")
    notes.add_column()
    for text, number in reasons.items():
        notes.add_row(f"{number}", text)
    return Group(Text("refused" if reasons else "", style="bold cyan"), Padding(notes, (0, 0, 1, 2)))


def _shown(cell: Cell | None, reasons: dict[str, int]) -> Any:
    from rich.text import Text

    if cell is None:
        return Text("")
    if cell.reason:
        return Text(f"({reasons[cell.reason]})", style="dim")
    return Text(OWN, style="bold green") if cell.own else Text(WORKS, style="green")
