"""First-party backbones, one system a package."""
