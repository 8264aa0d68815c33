"""A metric by which grey or noise is better than real clips is named, with both numbers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from vidgen_bench.leaderboard.render.fooled import fooled

METRICS: dict[str, Any] = {
    "fid": SimpleNamespace(title="FID", better="lower"),
    "precision": SimpleNamespace(title="precision", better="higher"),
    "nearest": SimpleNamespace(title="nearest", better="neither"),
}


def said(**scores: dict[str, float]) -> list[str]:
    anchors = {name: {m: SimpleNamespace(mean=v) for m, v in of.items()} for name, of in scores.items()}
    return list(fooled(anchors, METRICS))


def test_grey_above_real_clips_is_named_and_others_are_not() -> None:
    real = {"fid": 20.0, "precision": 0.738, "nearest": 3.6}
    (line,) = said(
        real=real,
        grey={"fid": 337.0, "precision": 1.0, "nearest": 7.3},
        noise={"fid": 669.0, "precision": 0.0, "nearest": 12.0},
    )
    assert "by precision, plain grey (1.00) is better than held-out real clips (0.74)" in line
    (line,) = said(real=real, noise={"fid": 19.0, "precision": 0.738})
    assert "by FID, plain noise (19.00) is better than held-out real clips (20.00)" in line


def test_without_real_clips_or_without_a_score_nothing_is_said() -> None:
    assert said(grey={"precision": 1.0}) == []
    assert said(real={"precision": 0.5}, grey={"fid": 3.0}) == []
