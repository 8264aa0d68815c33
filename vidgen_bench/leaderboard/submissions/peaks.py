"""Peaks of hardware: more floating-point operations per second than a device can do in any precision that training uses."""

from __future__ import annotations

from vidgen_bench.records.record import Record

PEAKS = (
    ("b200", 2.3e15),
    ("h200", 1.0e15),
    ("h100", 1.0e15),
    ("a100", 3.2e14),
    ("l40", 3.7e14),
    ("v100", 1.3e14),
    ("t4", 6.6e13),
    ("4090", 3.4e14),
    ("3090", 1.5e14),
)
"""Part of a device's name in lower case, and its dense peak in half precision, from the vendor's data sheets, rounded up."""

BY_TYPE = {"cpu": 2.0e13, "mps": 1.0e14}
"""Devices without a name in the list; a server with two large CPUs stays below this."""

ANY = 2.5e15


def peak(record: Record) -> float:
    """Return the peak of one of the devices that trained a run."""
    name = record.measured.hardware.lower()
    if record.environment.device == "cuda":
        return next((most for part, most in PEAKS if part in name), ANY)
    return BY_TYPE.get(record.environment.device, ANY)
