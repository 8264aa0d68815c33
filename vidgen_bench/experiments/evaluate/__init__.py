"""Scoring what is there already: a finished run under another protocol, or clips that were made elsewhere."""
