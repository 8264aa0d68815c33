"""Compares the kind of model that a record states with what its plugins declare: a reconstruction, class-conditional, a null model."""

from __future__ import annotations

from collections.abc import Iterator

from vidgen_bench.records.distribution_name import OURS
from vidgen_bench.records.record import Record

RECONSTRUCTION = {
    **dict.fromkeys(("dvd-gan", "moflowgan", "tgan-f", "vdm-small"), True),
    **dict.fromkeys(("mocogan", "tgan", "tganv2", "vgan"), False),
}
"""Whether every shipped backbone is a reconstruction; no plugin is imported to ask it."""

OPTION = "backbone.conditional"
"""The option that makes a backbone class-conditional or not."""

CONDITIONAL = frozenset({"dvd-gan"})
"""The shipped backbones with that option; the others are never class-conditional."""

NULL = frozenset({"constant", "iid"})
"""The shipped temporal generators that are null models."""


def questions_of_model(record: Record) -> Iterator[str]:
    """Yield where a record contradicts its plugins or its option about the kind of its model.

    A reconstruction has the word beside its name in tables, class-conditional models have tables of their own, and the verdict of a
    table compares the other rows with its null models.
    """
    stated, option = record.model, record.options.get(OPTION)
    if option is not None and isinstance(option.value, bool) and option.value != stated.conditional:
        kind = "class-conditional" if stated.conditional else "unconditional"
        yield f"its option {OPTION} is {str(option.value).lower()}, but it says that its model is {kind}"
    ours = {p.kind: p for p in record.plugins if p.normalised_distribution == OURS}
    temporal, backbone = ours.get("temporal"), ours.get("backbone")
    null = temporal is not None and temporal.name in NULL
    if stated.null != null and (temporal is not None or backbone is not None):
        name = "a model without G_t" if temporal is None else temporal.name
        yield _contradiction("a null model", name, declared=null)
    if backbone is None or (declared := RECONSTRUCTION.get(backbone.name)) is None:
        return
    if stated.reconstruction != declared:
        yield _contradiction("a reconstruction", backbone.name, declared=declared)
    if stated.conditional and backbone.name not in CONDITIONAL:
        yield (
            f"it says that its model is class-conditional, but the backbone {backbone.name} has no option {OPTION}, so it never is. "
            "Was the record edited by hand?"
        )


def _contradiction(kind: str, name: str, *, declared: bool) -> str:
    """Return how a record and the declaration of its plugin ``name`` contradict each other."""
    does, declares = ("does not say", "is") if declared else ("says", "is not")
    return f"it {does} that its model is {kind}, but {name} {declares} one. Was the record edited by hand?"
