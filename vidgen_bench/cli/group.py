"""A command group with a short start-up time, and help in which a flag has no type."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from typer.core import TyperGroup


class QuickGroup(TyperGroup):
    """A group in which ``--help`` is False by default, and flags, which take no value, are shown without ``<bool>``.

    Typer's default is None, which makes it import pydantic to check the value: 0.1 s before every command.
    """

    def get_help_option(self, ctx: Any) -> Any:
        """Return the help option with a boolean default."""
        return _quick(super().get_help_option(ctx))

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the group's own options."""
        return _without_types(super().get_params(ctx))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command of the group, or None if it has none with this name."""
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            _without_types([*command.params, _quick(command.get_help_option(ctx))])  # the command keeps that option
        return command


def _quick(option: Any) -> Any:
    """Return a help option, or None, with a boolean default."""
    if option is not None and option.default is None:
        option.default = False
    return option


def _without_types(options: Iterable[Any]) -> list[Any]:
    """Return options; flags among them get an empty name of their value, unless they have one."""
    found = list(options)
    for option in found:
        if getattr(option, "is_flag", False) and option.metavar is None:
            option.metavar = ""
    return found
