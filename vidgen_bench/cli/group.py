"""A group of commands that starts quickly."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup


class QuickGroup(TyperGroup):
    """A group whose ``--help`` is False where it was not asked for.

    Typer leaves it None, and to find out that None is no boolean it imports pydantic: 0.1 s before every command.
    """

    def get_help_option(self, ctx: Any) -> Any:
        """Return the help option with a boolean default."""
        option = super().get_help_option(ctx)
        if option is not None and option.default is None:
            option.default = False
        return option
