"""What a person at a terminal sees: one line for an error or a warning, never a traceback for bad input."""

from __future__ import annotations

import atexit
import gc
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

import typer
from typer.core import TyperGroup

from hddm_sbi.errors import HDDMError, HDDMWarning

BAD_INPUT = 2
INTERRUPTED, TERMINATED = 130, 143  # 128 + SIGINT and SIGTERM, as shells have it


class Terminated(KeyboardInterrupt):
    """The system asks the program to end."""


class SafeGroup(TyperGroup):
    """Commands that report a wrong option in one line, and never fail for a character the terminal does not know."""

    def main(self, args: Sequence[str] | None = None, *others: Any, **options: Any) -> Any:
        """Run the command line and exit; without arguments show the help."""
        for stream in (sys.stdout, sys.stderr):
            # a terminal or file in cp1252, say, shows a question mark instead
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:
                reconfigure(errors="replace")
        given = list(sys.argv[1:] if args is None else args) or ["--help"]
        try:
            code = super().main(given, *others, **{**options, "standalone_mode": False})
        except Exception as error:
            # the class of typer's errors depends on its version
            message = getattr(error, "format_message", None)
            if message is None:
                raise
            typer.echo(f"Error: {_one_line(message())} See 'hddm-sbi {_command(given)}--help'.", err=True)
            code = BAD_INPUT
        sys.exit(code if isinstance(code, int) else 0)


def _command(given: Sequence[str]) -> str:
    return f"{given[0]} " if given[0].isidentifier() else ""


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn this package's errors and warnings, and Ctrl-C, into a line on standard error and an exit code."""
    with warnings.catch_warnings():
        # those of libraries are about code, and not for this reader
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", HDDMWarning)
        warnings.showwarning = _show_warning
        try:
            yield
        except HDDMError as error:
            typer.echo(f"Error: {_one_line(error)}", err=True)
            raise typer.Exit(BAD_INPUT) from None
        except KeyboardInterrupt as end:
            typer.echo("Interrupted: nothing more is written.", err=True)
            raise typer.Exit(TERMINATED if isinstance(end, Terminated) else INTERRUPTED) from None


@contextmanager
def quick_imports() -> Iterator[None]:
    """Import libraries without Python's cyclic garbage collector, and leave what they made out of its later rounds.

    It would walk their half a million objects, which live until the end, again and again: a fifth of the time that the
    imports take, and most of the time between the last line of a program and its exit.
    """
    if gc.get_freeze_count():  # they are imported already
        yield
        return
    gc.disable()
    atexit.register(gc.freeze)
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    typer.echo(f"Warning: {_one_line(message)}", err=True)


def _one_line(message: object) -> str:
    return " ".join(str(message).split())
