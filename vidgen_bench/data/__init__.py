"""From videos on disk to training clips: the UCF101 layout, decoding, the store of decoded frames, and the clip sampler."""
