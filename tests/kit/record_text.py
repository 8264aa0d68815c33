"""A record's text without what differs between two runs of the same numbers."""

from __future__ import annotations

import json
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def without_measured(text: str) -> str:
    record = json.loads(text)
    record.pop("measured")
    return json.dumps(record, indent=2)
