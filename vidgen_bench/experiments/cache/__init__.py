"""The cache folder: what is stored in it, and its removal. No module here imports torch."""
