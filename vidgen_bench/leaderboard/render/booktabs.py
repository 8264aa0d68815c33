"""A table in LaTeX with the package booktabs, in one style for all our tables."""

from __future__ import annotations

from collections.abc import Sequence

from vidgen_bench.escaping import latex


def floating_table(
    caption: str, alignment: str, head: Sequence[str], parts: Sequence[Sequence[Sequence[str]]], notes: Sequence[str]
) -> str:
    """Return a ``table`` environment, for a document that loads booktabs.

    Args:
        caption: plain text.
        alignment: one letter per column, as in ``lrr``.
        head: the headings, in LaTeX.
        parts: the rows, in LaTeX, in groups with a rule between them; an empty group has no rule.
        notes: sentences below the table, in plain text.
    """
    lines = [r"\begin{table}", r"\centering", rf"\caption{{{latex(caption)}}}", rf"\begin{{tabular}}{{{alignment}}}"]
    lines += [r"\toprule", line_of(head)]
    for part in filter(None, parts):
        lines += [r"\midrule", *map(line_of, part)]
    lines += [r"\bottomrule", r"\end{tabular}", *(rf"\par\footnotesize {note}" for note in notes), r"\end{table}"]
    return "\n".join(lines) + "\n"


def line_of(cells: Sequence[str]) -> str:
    """Return one row."""
    return " & ".join(cells) + r" \\"
