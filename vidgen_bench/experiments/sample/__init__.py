"""Load a trained run and render its clips at any instant."""
