"""Small videos of many codecs, formats and timings, written and read back by an ffmpeg that is independent of PyAV."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

_SOURCE = "testsrc2=size={size}:rate=25:duration=0.8"


@dataclass(frozen=True)
class Variant:
    """One kind of video: the file's suffix, ffmpeg's options for the output, the frame size, and a second step on the first's file."""

    suffix: str
    encode: str
    size: str = "64x48"
    then: str = ""
    """Options of a second ffmpeg call that reads the first file ({0}); its output is the video."""

    def write(self, folder: Path) -> Path:
        """Write the video and return its path."""
        path = folder / f"video{self.suffix}"
        first = folder / f"first{self.suffix}" if self.then else path
        inputs = ["-f", "lavfi", "-i", _SOURCE.format(size=self.size)]
        ffmpeg(*inputs, *self.encode.split(), str(first))
        if self.then:
            ffmpeg(*self.then.format(first).split(), str(path))
        return path


def ffmpeg(*arguments: str) -> bytes:
    """Run ffmpeg and return its standard output; an error of ffmpeg fails the test."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def raw_frames(path: Path) -> NDArray[np.uint8]:
    """Return every frame that ffmpeg shows, uint8 [T, H, W, 3]: rotated as a player does, none repeated for a constant rate."""
    head = ffmpeg("-i", str(path), "-frames:v", "1", "-f", "image2pipe", "-c:v", "ppm", "-pix_fmt", "rgb24", "-")
    columns, rows = (int(n) for n in head.split(maxsplit=3)[1:3])
    data = ffmpeg("-i", str(path), "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    return np.frombuffer(data, np.uint8).reshape(-1, rows, columns, 3)


_H264 = "-c:v libx264"
_LONG = f"{_H264} -g 50 -bf 2"

VARIANTS: Mapping[str, Variant] = {
    "mpeg4": Variant(".avi", "-c:v mpeg4 -q:v 3"),
    "xvid": Variant(".avi", "-c:v libxvid -q:v 3"),
    "mpeg4 in mp4": Variant(".mp4", "-c:v mpeg4 -q:v 3"),
    "mpeg4 with B-frames": Variant(".avi", "-c:v mpeg4 -q:v 3 -bf 2"),
    "h264": Variant(".mp4", _H264),
    "h264 in avi": Variant(".avi", f"{_H264} -bf 0"),
    "h264 with B-frames in avi": Variant(".avi", f"{_H264} -bf 3"),
    "h264 of open groups": Variant(".mp4", f"{_H264} -g 8 -x264-params open-gop=1:bframes=3"),
    "h264 of full range": Variant(".mp4", f"-vf scale=out_range=full,format=yuv420p {_H264} -color_range pc"),
    "h264 4:4:4": Variant(".mp4", f"-vf format=yuv444p {_H264}"),
    "h264 4:2:2": Variant(".mp4", f"-vf format=yuv422p {_H264}"),
    "h264 of 10 bits": Variant(".mp4", f"-vf format=yuv420p10le {_H264}"),
    "h264 grey": Variant(".mp4", f"-vf format=gray {_H264}"),
    "h264 in RGB": Variant(".mp4", "-c:v libx264rgb"),
    "h264 of BT.709": Variant(
        ".mp4", f"-vf scale=out_color_matrix=bt709,format=yuv420p {_H264} -colorspace bt709 -color_primaries bt709"
    ),
    "h264 of BT.2020": Variant(
        ".mp4", f"-vf scale=out_color_matrix=bt2020,format=yuv420p {_H264} -colorspace bt2020nc"
    ),
    "h264 interlaced": Variant(".mp4", f"{_H264} -flags +ilme+ildct -x264-params tff=1"),
    "h264 in mov": Variant(".mov", _H264),
    "h264 in mkv": Variant(".mkv", _H264),
    "h264 in ts": Variant(".ts", _H264),
    "h264 in fragments": Variant(".mp4", f"{_H264} -g 8 -movflags frag_keyframe+empty_moov"),
    "hevc": Variant(".mp4", "-c:v libx265 -x265-params log-level=none"),
    "mjpeg": Variant(".avi", "-c:v mjpeg -q:v 3"),
    "mjpeg 4:4:4": Variant(".avi", "-vf format=yuvj444p -c:v mjpeg -q:v 3"),
    "raw yuv420p": Variant(".avi", "-c:v rawvideo -vf format=yuv420p"),
    "raw RGB": Variant(".avi", "-c:v rawvideo -vf format=bgr24"),
    "raw palette": Variant(".avi", "-c:v rawvideo -vf format=pal8"),
    "mpeg2": Variant(".mpg", "-c:v mpeg2video -q:v 3"),
    "mpeg2 interlaced": Variant(".mpg", "-c:v mpeg2video -q:v 3 -flags +ilme+ildct"),
    "dv": Variant(".avi", "-c:v dvvideo -pix_fmt yuv420p", size="720x576"),
    "ffv1": Variant(".avi", "-c:v ffv1"),
    "huffyuv": Variant(".avi", "-c:v huffyuv -pix_fmt yuv422p"),
    "vp8": Variant(".webm", "-c:v libvpx -auto-alt-ref 1 -lag-in-frames 10"),
    "vp9": Variant(".webm", "-c:v libvpx-vp9 -lag-in-frames 10"),
    "av1": Variant(".mp4", "-c:v libaom-av1 -cpu-used 8"),
    "theora": Variant(".ogv", "-c:v libtheora -q:v 7"),
    "wmv": Variant(".wmv", "-c:v wmv2 -q:v 3"),
    "flv": Variant(".flv", "-c:v flv1 -q:v 3"),
    "png": Variant(".avi", "-c:v png"),
    "msmpeg4": Variant(".avi", "-c:v msmpeg4v3 -q:v 3"),
    "odd height": Variant(".mp4", "-c:v libx264 -pix_fmt yuv444p", size="33x47"),
    "odd size of 4:2:0": Variant(".avi", "-c:v mjpeg -pix_fmt yuvj420p", size="33x47"),
    **{f"width {n}": Variant(".mp4", _H264, size=f"{n}x{n}") for n in (16, 24, 48, 72)},
    "width 4": Variant(".avi", "-c:v mpeg4 -q:v 3", size="4x4"),
    "width 6": Variant(".avi", "-c:v mpeg4 -q:v 3", size="6x6"),
    "width 12": Variant(".avi", "-c:v mjpeg -q:v 3", size="12x12"),
    **{
        f"rotated by {n}": Variant(".mp4", _H264, then=f"-display_rotation {n} -i {{0}} -c copy")
        for n in (90, 180, 270)
    },
    "mirrored": Variant(".mp4", _H264, then="-display_hflip -i {0} -c copy"),
    "mirrored and rotated": Variant(".mp4", _H264, then="-display_rotation 90 -display_hflip -i {0} -c copy"),
    "two streams": Variant(
        ".mp4",
        "-c:v mpeg4 -q:v 3",
        then="-f lavfi -i color=red:size=32x32:rate=25:duration=0.8 -i {0} -map 0 -map 1 -c:v mpeg4",
    ),
    "two streams in avi": Variant(
        ".avi",
        "-c:v mpeg4 -q:v 3",
        then="-f lavfi -i color=red:size=32x32:rate=25:duration=0.8 -i {0} -map 0 -map 1 -c:v mpeg4",
    ),
    "with sound": Variant(".mp4", "-f lavfi -i sine=duration=0.8 -c:v libx264 -c:a aac"),
    "empty chunks": Variant(
        ".avi",
        "-f lavfi -i sine=duration=0.8 -c:v libx264 -c:a aac",
        then="-i {0} -c:v libx264 -c:a aac",
    ),
    "variable rate": Variant(".mp4", f"-vf select='not(mod(n,3))+lt(n,5)' -fps_mode vfr {_H264}"),
    "variable rate in avi": Variant(".avi", "-vf select='not(mod(n,3))+lt(n,5)' -fps_mode vfr -c:v mpeg4 -q:v 3"),
    "cut with an edit list": Variant(".mp4", _LONG, then="-ss 0.4 -i {0} -c copy"),
    "cut to hidden packets": Variant(".mp4", _LONG, then="-ss 0.4 -i {0} -frames:v 14 -c copy"),
    "cut in open groups": Variant(
        ".mp4", f"{_H264} -g 8 -x264-params open-gop=1:bframes=3", then="-ss 0.45 -i {0} -c copy"
    ),
    "cut in open groups to avi": Variant(
        ".avi", f"{_H264} -g 8 -x264-params open-gop=1:bframes=3", then="-ss 0.45 -i {0} -c copy"
    ),
    "cut of avi": Variant(".avi", "-c:v mpeg4 -q:v 3 -g 5", then="-ss 0.5 -i {0} -c copy"),
    "cut in ts": Variant(".ts", f"{_H264} -g 8 -x264-params open-gop=1:bframes=3", then="-ss 0.45 -i {0} -c copy"),
    "joined": Variant(".ts", f"{_H264} -g 8", then="-i concat:{0}|{0} -c copy"),
}
"""One video of each kind, by its name."""
