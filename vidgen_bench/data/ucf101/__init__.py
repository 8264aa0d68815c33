"""Data sets on the user's disk in the UCF101 layout: UCF101 itself, and your own videos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vidgen_bench.api import DataSet, Report, VideoSource, hookimpl
from vidgen_bench.errors import DataError


@dataclass(frozen=True)
class VideoFolder:
    """A data set in the folders ``--data`` and ``--splits``; ``get`` explains how to obtain it."""

    name: str
    summary: str
    reference: str
    get: str
    api: str = "1.0"

    def locate(self, videos: Path | None, splits: Path | None, cache: Path, report: Report) -> VideoSource:
        """Return the two folders as given.

        Raises:
            DataError: an option is missing, or is not a folder; the text explains how to get the data.
        """
        for option, folder, content in (
            ("--data", videos, "one folder of videos per class"),
            ("--splits", splits, "classInd.txt, trainlist01.txt and testlist01.txt"),
        ):
            if folder is None:
                raise DataError(f"The data set {self.name} needs {option}: the folder with {content}. {self.get}")
            if not folder.is_dir():
                raise DataError(f"{option} {folder} is not a folder; expected the folder with {content}. {self.get}")
        assert videos is not None
        assert splits is not None
        return VideoSource(videos, splits)


ucf101 = VideoFolder(
    name="ucf101",
    summary="UCF101: 13,320 videos of 101 human actions, 320x240; download it and pass --data and --splits.",
    reference="Soomro, Zamir, Shah: UCF101: A Dataset of 101 Human Actions Classes From Videos in The Wild, arXiv:1212.0402.",
    get=(
        "From https://www.crcv.ucf.edu/data/UCF101.php download and unpack UCF101.rar (6.5 GB; its folder UCF-101 is --data) "
        "and UCF101TrainTestSplits-RecognitionTask.zip (its folder ucfTrainTestlist is --splits)."
    ),
)

video_folder = VideoFolder(
    name="video-folder",
    summary="Your own videos in the UCF101 layout; pass --data and --splits, and name it in your own track file.",
    reference="The layout of UCF101, arXiv:1212.0402.",
    get=(
        "Store videos as Class/v_Class_g01_c01.avi. classInd.txt has lines '1 Class', trainlist01.txt "
        "'Class/v_Class_g01_c01.avi 1', testlist01.txt the same without the number."
    ),
)


@hookimpl
def vidgen_data_sets() -> Sequence[DataSet]:
    """Return the declarations."""
    return [ucf101, video_folder]
