"""What the declaration of TGAN and its networks must agree on."""

LATENT = 100
"""Width of z_0 and of each z_t."""
