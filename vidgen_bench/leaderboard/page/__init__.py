"""The leaderboard as one HTML file: opened from disk, without network, and complete without its script."""
