"""What the commands do, one folder per command, and the pictures that they write."""
