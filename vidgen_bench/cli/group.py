"""A command group with a short start-up time."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup


class QuickGroup(TyperGroup):
    """A group in which ``--help`` is False by default.

    Typer's default is None, which makes it import pydantic to check the value: 0.1 s before every command.
    """

    def get_help_option(self, ctx: Any) -> Any:
        """Return the help option with a boolean default."""
        option = super().get_help_option(ctx)
        if option is not None and option.default is None:
            option.default = False
        return option
