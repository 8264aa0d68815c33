"""Scores clips from another program on the built-in videos: `python docs/examples/evaluate_clips.py`.

The clips here are noise, uint8 [N, T, H, W, 3]. Replace them with those of your model, or with a file or folder.
"""

from __future__ import annotations

import numpy as np

import vidgen_bench

SAMPLES = 256  # one batch of the track shapes-smoke

clips = np.random.default_rng(0).integers(0, 256, (SAMPLES, 16, 64, 64, 3), dtype=np.uint8)
record = vidgen_bench.evaluate(clips, track="shapes-smoke", protocol="c3d-native", name="my-sampler")
for metric in ("is", "fid"):
    score, entry = record.scores[metric], record.metrics[metric]
    real = record.anchors["real"][metric]
    print(f"{entry.title} {score.mean:.2f} (real clips: {real.mean:.2f}), protocol {entry.protocol}")
