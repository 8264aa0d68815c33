"""The installed plugins: found by entry point, loaded one by one, and checked."""
