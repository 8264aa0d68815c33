"""The machine: files, cache folders, devices, memory, Ctrl-C and progress reports."""
