"""Video files become frames: decoders in worker processes, and a journal of finished videos."""
