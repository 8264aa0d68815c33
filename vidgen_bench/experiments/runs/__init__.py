"""The run folders below a folder of runs: listed, described, compared, drawn and removed. No module here imports torch."""
