"""Submitted results: ``leaderboards/TRACK/SPEC/seed-N.json``, and the checks that read them as untrusted text."""
