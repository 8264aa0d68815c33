"""Clips as pictures: grids, film strips, comparisons with real clips, GIF, WebP and MP4."""
