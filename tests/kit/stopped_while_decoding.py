"""Starts the command line as the console script does, so that it sends itself the signal ``VIDGEN_TEST_SIGNAL`` while it decodes."""

from __future__ import annotations

import os
import time
from typing import Any

from vidgen_bench.data.decoding import journal


def main() -> None:
    number = int(os.environ["VIDGEN_TEST_SIGNAL"])
    append = journal.Journal.append

    def stopped(self: Any, *arguments: Any, **more: Any) -> Any:
        os.kill(os.getpid(), number)
        time.sleep(0.01)
        return append(self, *arguments, **more)

    journal.Journal.append = stopped
    from vidgen_bench.__main__ import main as start

    start()
