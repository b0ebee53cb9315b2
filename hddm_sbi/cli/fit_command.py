"""An option that may stand alone or have a value: ``--correlated``, or ``--correlated v,a``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from typer.core import TyperCommand

_OPTION = "--correlated"
# What the option stands for without a value.
_ALL = "true"
_NAMES = re.compile(r"[^\W\d]\w*(\s*,\s*[^\W\d]\w*)*")


class FitCommand(TyperCommand):
    """A command that fits models: ``fit``, ``recover``, ``sbc`` or ``plan``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give the option a value where it has none: an option of Typer's always has one, or never."""
        return super().parse_args(ctx, with_value(args))


def with_value(arguments: Sequence[str]) -> list[str]:
    """The arguments with a value behind each option that stands alone.

    What follows the option is its value where it reads as names, which other options and paths of tables do not.
    """
    found: list[str] = []
    for place, argument in enumerate(arguments):
        found.append(argument)
        following = arguments[place + 1] if place + 1 < len(arguments) else ""
        if argument == _OPTION and not _NAMES.fullmatch(following):
            found.append(_ALL)
    return found
