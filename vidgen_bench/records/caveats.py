"""What a reader must know of a number: the caveats that this version can explain."""

from __future__ import annotations

from vidgen_bench.api import RANK_DEFICIENT

FEW_REAL_VIDEOS = "few real videos"
"""The caveat of a metric that compares with single real clips where a batch has more samples than there are training videos."""

CAVEATS = {
    RANK_DEFICIENT: "Rank-deficient: there are fewer samples than features, so the samples' covariance is singular and the distance "
    "is too large. Compare it at equal n only.",
    FEW_REAL_VIDEOS: "Few real videos: a batch has more samples than the training list has videos, so several real clips come from one "
    "video and lie close together. Precision, density and coverage then describe clips, not videos.",
}
"""One sentence or two for each caveat; a plugin's own caveat is shown as it is."""
