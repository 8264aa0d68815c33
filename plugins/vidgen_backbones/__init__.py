"""First-party backbones, one package per system."""
