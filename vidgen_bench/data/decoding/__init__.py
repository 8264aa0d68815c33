"""Decoding of video files: worker processes, and a journal of the finished videos."""
