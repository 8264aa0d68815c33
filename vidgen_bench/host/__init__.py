"""The installed plugins: find them by entry point, load each one separately, and check its declarations."""
