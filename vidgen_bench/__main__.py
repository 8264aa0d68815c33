"""``python -m vidgen_bench``: the command line, for launchers such as torchrun."""

from vidgen_bench.cli.main import main

if __name__ == "__main__":
    main()
