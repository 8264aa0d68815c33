"""Asks a data set where its videos are, and gives it a folder of its own in the cache."""

from __future__ import annotations

from pathlib import Path

from vidgen_bench.api import DataSet, Report, VideoSource
from vidgen_bench.host.host import LoadedPlugin
from vidgen_bench.records.distribution_name import normalised
from vidgen_bench.system.places import cache_folder

FOLDER = "data-sets"
"""The folder of all data sets' own folders, in the cache folder."""


def folder_of_data_set(data_set: LoadedPlugin) -> Path:
    """Return the folder that belongs to a data set alone: that of ``clouds`` of another package is another one."""
    return cache_folder() / FOLDER / f"{normalised(data_set.origin.distribution)}-{data_set.name}"


def locate_videos(data_set: LoadedPlugin, videos: Path | None, splits: Path | None, report: Report) -> VideoSource:
    """Return the folders of a data set's videos and splits, which it may have to make first.

    Raises:
        DataError: something is missing; the message has the fix.
        RequestError: there is no cache folder.
    """
    declared: DataSet = data_set.declaration
    return declared.locate(videos, splits, folder_of_data_set(data_set), report)
