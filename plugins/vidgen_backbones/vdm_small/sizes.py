"""Sizes shared by the declaration of vdm-small and its networks."""

CHANNELS = (64, 128, 256)
"""Channels at each resolution, from the finest to the coarsest; each has half the rows and columns of the one before."""

COARSEST = 2 ** (len(CHANNELS) - 1)
"""Factor between the finest and the coarsest resolution."""
