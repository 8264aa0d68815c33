"""The commands of ``vidgen-bench plugins``."""
