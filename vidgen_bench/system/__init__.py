"""The machine: files, cache folders, devices, memory, Ctrl-C, and what is reported while work goes on."""
