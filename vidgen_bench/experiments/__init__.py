"""What a person asks for: one folder per command."""
