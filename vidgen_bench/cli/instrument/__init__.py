"""The commands of ``vidgen-bench instrument``."""
