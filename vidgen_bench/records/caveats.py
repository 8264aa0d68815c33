"""Caveats: explanations of the warnings that are shown beside a score."""

from __future__ import annotations

from vidgen_bench.api import RANK_DEFICIENT

FEW_REAL_VIDEOS = "few real videos"
"""The caveat of a metric that compares individual real clips, when a batch has more samples than there are training videos."""

ONE_SEED = (
    "One seed supports no comparison: another seed or thread count can move a score as far as another model does. --seeds 0-4 runs five."
)
"""The last line below a table of one seed."""

CAVEATS = {
    RANK_DEFICIENT: "Rank-deficient: there are fewer samples than features, so the samples' covariance is singular and the distance "
    "is too large. Compare it at equal n only.",
    FEW_REAL_VIDEOS: "Few real videos: a batch has more samples than the training list has videos, so several real clips come from one "
    "video and lie close together. Precision, density and coverage then describe clips, not videos.",
}
"""An explanation of each caveat; a caveat that a plugin declares is shown unchanged."""
