"""Videos whose frames are those of another one: a data set that repeats itself, or a test list that was trained on."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from vidgen_bench.data.index import Stored
from vidgen_bench.errors import DataWarning

_NAMED = 3


def warn_about_copies(videos: Sequence[Stored]) -> None:
    """Warn once about videos with the same frames, and about those of them that are in both lists; without any, do nothing."""
    alike: dict[str, list[Stored]] = {}
    for video in videos:
        alike.setdefault(video.sha256, []).append(video)
    groups = [group for group in alike.values() if len(group) > 1]
    if not groups:
        return
    named = [f"{first.path} = {second.path}" for first, second, *_ in groups[:_NAMED]]
    more = f" and {len(groups) - _NAMED} more" if len(groups) > _NAMED else ""
    text = f"{sum(map(len, groups))} of {len(videos)} videos have the same frames as another one: {', '.join(named)}{more}."
    if leaked := sum(video.split == "test" for group in groups for video in group if _in_both_lists(group)):
        tested = sum(video.split == "test" for video in videos)
        text += (
            f" {leaked} of the {tested} test videos are also trained on, so the scores of held-out clips are too good."
        )
    warnings.warn(f"{text} They were used; check the lists.", DataWarning, stacklevel=2)


def _in_both_lists(group: Sequence[Stored]) -> bool:
    return len({video.split for video in group}) == 2
