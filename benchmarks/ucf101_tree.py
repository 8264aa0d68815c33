"""``python -m benchmarks.ucf101_tree FOLDER --clips CLIPS [--frames N]``: a folder of the size of UCF101 out of a few clips.

It has the 101 classes, 25 groups per class and 4 to 7 clips per group, and the numbers of split 1: 9,537 training videos (groups 8 to 25)
and 3,783 test videos (groups 1 to 7). The number of clips in a single group is drawn, and is not that of UCF101. Every video is a hard link
to one of the given clips, so that the folder takes almost no space; all commands see 13,320 files.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import av

_NAMES = """
ApplyEyeMakeup ApplyLipstick Archery BabyCrawling BalanceBeam BandMarching BaseballPitch Basketball BasketballDunk BenchPress Biking
Billiards BlowDryHair BlowingCandles BodyWeightSquats Bowling BoxingPunchingBag BoxingSpeedBag BreastStroke BrushingTeeth CleanAndJerk
CliffDiving CricketBowling CricketShot CuttingInKitchen Diving Drumming Fencing FieldHockeyPenalty FloorGymnastics FrisbeeCatch FrontCrawl
GolfSwing Haircut Hammering HammerThrow HandstandPushups HandstandWalking HeadMassage HighJump HorseRace HorseRiding HulaHoop IceDancing
JavelinThrow JugglingBalls JumpingJack JumpRope Kayaking Knitting LongJump Lunges MilitaryParade Mixing MoppingFloor Nunchucks ParallelBars
PizzaTossing PlayingCello PlayingDaf PlayingDhol PlayingFlute PlayingGuitar PlayingPiano PlayingSitar PlayingTabla PlayingViolin PoleVault
PommelHorse PullUps Punch PushUps Rafting RockClimbingIndoor RopeClimbing Rowing SalsaSpin ShavingBeard Shotput SkateBoarding Skiing Skijet
SkyDiving SoccerJuggling SoccerPenalty StillRings SumoWrestling Surfing Swing TableTennisShot TaiChi TennisSwing ThrowDiscus
TrampolineJumping Typing UnevenBars VolleyballSpiking WalkingWithDog WallPushups WritingOnBoard YoYo
"""
CLASSES = _NAMES.split()
"""In the order of classInd.txt."""

TRAIN, TEST = range(8, 26), range(1, 8)
"""Groups of the two lists of split 1."""
VIDEOS = {TRAIN: 9_537, TEST: 3_783}
FEWEST, MOST = 4, 7
"""Clips per group."""
SPELT = {"HandstandPushups": "HandStandPushups"}
"""The class that UCF101 spells differently in its file names."""


def names(groups: range) -> list[str]:
    """Return the paths of one list, as ``Archery/v_Archery_g08_c01.avi``, in its order."""
    pairs = list(itertools.product(CLASSES, groups))
    more = MOST - FEWEST
    chosen = random.Random(0).sample(range(more * len(pairs)), VIDEOS[groups] - FEWEST * len(pairs))
    clips = [FEWEST] * len(pairs)
    for number in chosen:
        clips[number // more] += 1
    return [
        f"{name}/v_{SPELT.get(name, name)}_g{group:02}_c{clip:02}.avi"
        for (name, group), count in zip(pairs, clips, strict=True)
        for clip in range(1, count + 1)
    ]


def write(folder: Path, clips: Sequence[Path], frames: int | None = None) -> None:
    """Write ``videos`` and ``splits`` into a new folder, which must not exist yet.

    Args:
        folder: the new folder.
        clips: the files behind the names, used in turn.
        frames: cut every clip to its first frames, at most so many; None keeps the whole clips.
    """
    folder.mkdir(parents=True)
    copies = list(_copies(folder, clips, frames))
    for name in CLASSES:
        (folder / "videos" / name).mkdir(parents=True)
    train, test = names(TRAIN), names(TEST)
    for path, copy in zip((*train, *test), itertools.cycle(copies), strict=False):
        os.link(copy, folder / "videos" / path)
    labels = {name: label for label, name in enumerate(CLASSES, start=1)}
    lists = {
        "classInd.txt": [f"{label} {name}" for name, label in labels.items()],
        "trainlist01.txt": [f"{path} {labels[path.partition('/')[0]]}" for path in train],
        "testlist01.txt": test,
    }
    (folder / "splits").mkdir()
    for name, lines in lists.items():
        (folder / "splits" / name).write_text("\n".join(lines) + "\n")


def _copies(folder: Path, clips: Sequence[Path], frames: int | None) -> Iterator[Path]:
    """Yield a copy of each clip on the file system of the folder, where hard links can reach it."""
    (folder / "clips").mkdir()
    for number, clip in enumerate(clips):
        copy = folder / "clips" / f"{number}.avi"
        if frames is None:
            shutil.copyfile(clip, copy)
        else:
            _cut(clip, copy, frames)
        yield copy


def _cut(clip: Path, copy: Path, frames: int) -> None:
    """Copy the first compressed frames as they are."""
    with av.open(str(clip)) as whole, av.open(str(copy), "w") as part:
        stream = part.add_stream_from_template(whole.streams.video[0])
        for packet in itertools.islice(whole.demux(video=0), frames):
            if packet.size:
                packet.stream = stream
                part.mux(packet)


def main(arguments: Sequence[str]) -> None:
    """Write the folder, and print the options that name it."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.ucf101_tree", description="Make a folder of the size of UCF101."
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the new folder")
    parser.add_argument(
        "--clips", type=Path, required=True, metavar="CLIPS", help="folder with .avi files, at any depth"
    )
    parser.add_argument("--frames", type=int, metavar="N", help="cut every clip to its first N frames")
    given = parser.parse_args(arguments)
    clips = sorted(given.clips.rglob("*.avi"))
    if not clips:
        parser.error(f"--clips {given.clips}: expected a folder with .avi files.")
    if given.folder.exists():
        parser.error(f"{given.folder} exists already; expected the path of a new folder.")
    if given.frames is not None and given.frames < 1:
        parser.error(f"--frames {given.frames}: expected at least 1.")
    write(given.folder, clips, given.frames)
    print(f"--data {given.folder / 'videos'} --splits {given.folder / 'splits'}")


if __name__ == "__main__":
    main(sys.argv[1:])
