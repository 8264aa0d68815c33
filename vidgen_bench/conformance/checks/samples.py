"""A score is a function of the set of samples: their order does not matter, and nothing of another batch is kept."""

from __future__ import annotations

import torch

from vidgen_bench.conformance.metric_subject import MetricSubject, close
from vidgen_bench.conformance.nonconformance import demand


def check_samples(subject: MetricSubject) -> None:
    """Check a batch in another order, and a batch after another one and again."""
    _check_memory(subject)
    batch = subject.batch
    order = torch.randperm(len(batch), generator=torch.Generator().manual_seed(5))
    one, other = subject.scores(batch, batch[order])
    demand(
        close(one, other),
        f"expected the same score for the samples in another order: {one['']:.9g}, then {other['']:.9g}. Samples come in no particular "
        "order.",
    )


def _check_memory(subject: MetricSubject) -> None:
    second = subject.batch[: len(subject.batch) // 2] * 0.75
    _, after, again = subject.scores(subject.batch, second, second)
    (alone,) = subject.scores(second)
    demand(
        after == again == alone,
        f"expected a batch to have one score, whatever was scored before: alone {alone['']:.9g}, after another batch "
        f"{after['']:.9g}, again {again['']:.9g}. Keep nothing of a batch.",
    )
