"""Sizes shared by the declaration of TGAN and its networks."""

LATENT = 100
"""Width of z_0 and of each z_t."""
