"""The draws that a fit keeps in its folder while it samples, for the case that it is interrupted."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from hddm_sbi.cli.console import Terminated
from hddm_sbi.errors import OutputError

if TYPE_CHECKING:
    from hddm_sbi.api import HierarchicalDDM

# A folder within that of the results.
CHECKPOINT = "checkpoint"


def check_kept(folder: Path, resume: bool, force: bool) -> None:
    """Refuse to begin anew where draws of a fit that was interrupted would be lost.

    Args:
        folder: of the results.
        resume: whether the fit goes on with them.
        force: whether they may be lost.

    Raises:
        OutputError: they would.
    """
    from hddm_sbi.inference.checkpoint import discard, draws_in

    kept = folder / CHECKPOINT
    held = draws_in(kept)
    if held and not (resume or force):
        raise OutputError(
            f"'{kept}' holds {held:,} draws of each chain of a fit that was interrupted: go on with them by --resume, "
            "choose another folder with --out, or begin anew with --force."
        )
    if not held and resume:
        typer.echo(f"There are no draws in '{kept}' to go on with: the fit begins anew.")
    if not resume:
        discard(kept)


def sample(ddm: HierarchicalDDM, sampling: dict[str, Any], folder: Path, resume: bool) -> Any:
    """Sample, keep the draws on the way, and say how many there are where that ends early.

    Args:
        ddm: the model.
        sampling: the arguments of ``sample``.
        folder: of the results.
        resume: whether to go on with the draws that are there.

    Raises:
        KeyboardInterrupt: Ctrl-C, or the system's request to end.
    """
    from hddm_sbi.inference.checkpoint import draws_in

    kept = folder / CHECKPOINT
    keeping: dict[str, Any] = {"checkpoint": kept, "resume": resume} if sampling["sampler"] == "nutpie" else {}
    try:
        with _ended_like_ctrl_c():
            return ddm.sample(**sampling, **keeping, progress=True)
    except KeyboardInterrupt:
        if held := draws_in(kept):
            typer.echo(
                f"{held:,} draws of each chain are kept in '{kept}': the same command goes on with them by --resume.",
                err=True,
            )
        raise


@contextmanager
def _ended_like_ctrl_c() -> Iterator[None]:
    """Let the system's request to end, which a cluster sends before it kills, do what Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():  # which alone may ask for signals
        yield
        return

    def end(number: int, frame: object) -> NoReturn:
        raise Terminated

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
