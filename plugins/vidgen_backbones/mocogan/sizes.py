"""What the declaration of MoCoGAN and its networks must agree on."""

SIDE = 4
"""Side of the map that rendering starts from, and that the discriminators end at."""

TAKEN = 3
"""Frames by which every layer of a video discriminator shortens the clip: kernel 4, stride 1, no padding in time."""


def doublings(size: int) -> int:
    """Return how often a 4 x 4 map doubles to reach this size in pixels, 4 * 2^k."""
    return (size // SIDE).bit_length() - 1
