"""The console script ``vidgen-bench``, and ``python -m vidgen_bench`` for launchers such as torchrun.

A batch system may end a job while Python still imports torch, for seconds: the signals are handled before the first long import.
"""

import sys

from vidgen_bench.system.interrupt import exit_code_of_stop, leave, print_stopped, stop_on_signals


def main() -> None:
    """Handle signals, then import the command line and run it; see :func:`vidgen_bench.cli.main.main`."""
    stop_on_signals()
    try:
        from vidgen_bench.cli.main import main as run_command_line

        try:
            run_command_line()
        finally:
            leave()
    except KeyboardInterrupt:  # in the moments before and after the command itself
        print_stopped()
        sys.exit(exit_code_of_stop())


if __name__ == "__main__":
    main()
