"""The colours of the states of runs."""

STYLES = {
    "done": "green",
    "training": "cyan",
    "scoring": "cyan",
    "preparing": "cyan",
    "waiting": "dim",
    "begun": "dim",
    "stopped": "yellow",
    "silent": "red",
    "failed": "red",
    "diverged": "red",
    "damaged": "red",
}
