"""The index: what the leaderboard reads of each record file, kept in the cache folder so that an unchanged file is not parsed again.

It holds nothing of its own: deleting it, or losing it to another version or a damaged disk, costs time and changes no table.
"""
