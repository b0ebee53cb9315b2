"""``hddm-sbi download``: pretrained weights into the cache, so that fits need no network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from hddm_sbi.cli.console import one_line_errors

if TYPE_CHECKING:
    from hddm_sbi.weights.download import Report


def download(
    names: Annotated[list[str] | None, typer.Argument(help="Names of models; see 'hddm-sbi models'.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every pretrained network.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Fetch what is here already, too.")] = False,
) -> None:
    """Fetch pretrained networks, verify their checksums, and say where they are.

    They come from the address in HDDM_SBI_WEIGHTS_URL, an environment variable,
    and go to the folder in HDDM_SBI_CACHE, or the system's folder for caches.
    Networks that travel with the package, or are in the cache, are not fetched.
    """
    with one_line_errors():
        from hddm_sbi.errors import ModelError
        from hddm_sbi.weights.store import list_pretrained, locate

        if bool(names) == every:
            raise ModelError(f"name the models to download, or give --all; there are {', '.join(list_pretrained())}.")
        # a wrong name is found before anything is fetched
        located = {name: locate(name) for name in (list_pretrained() if every else names or ())}
        for name, found in located.items():
            if found.source == "bundled" and not force:
                typer.echo(f"{name}: travels with the package, nothing to fetch: {found.path}")
            else:
                _fetch(name, found.source, force)


def _fetch(name: str, source: str, force: bool) -> None:
    from hddm_sbi.weights.store import download as fetch

    with _progress(name) as report:
        path = fetch(name, force=force, report=report)
    size = sum(file.stat().st_size for file in (path, path.with_suffix(".json")))
    done = "is in the cache" if source == "cache" and not force else f"{size / 1e3:,.0f} kB fetched"
    typer.echo(f"{name}: {done}, checksum verified: {path}")


@contextmanager
def _progress(name: str) -> Iterator[Report]:
    """A bar on standard error while bytes arrive, where somebody watches."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(name)

        def report(arrived: int, size: int) -> None:
            progress.update(task, completed=arrived, total=size)

        yield report
