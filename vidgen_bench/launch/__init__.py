"""Starting a job's process: its command, its environment and its log; open to launcher plugins."""
