"""Plugins that break the contract on purpose, one rule each, and the host of a few modules."""

from __future__ import annotations

from importlib.metadata import EntryPoint

from vidgen_bench.host.host import Host, Origin


def host_of(*modules: str) -> Host:
    """Return the host of modules by their full names, each one entry point of a distribution ``strange``."""
    names = [module.rpartition(".")[2] for module in modules]
    return Host(
        tuple(
            (EntryPoint(name, module, "vidgen_bench"), Origin(name, "strange", "1.0"))
            for name, module in zip(names, modules, strict=True)
        )
    )
