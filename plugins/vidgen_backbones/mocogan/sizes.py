"""Sizes shared by the declaration of MoCoGAN and its networks."""

SIDE = 4
"""Side of the first map of the renderer and of the last map of the discriminators."""

TAKEN = 3
"""Frames by which each layer of a video discriminator shortens the clip: kernel 4, stride 1, no padding in time."""


def doublings(size: int) -> int:
    """Return the number of doublings from a 4 x 4 map to this size in pixels, 4 * 2^k."""
    return (size // SIDE).bit_length() - 1
