"""What ``recover`` and ``sbc`` share: options, truths, and files beside the results of their tasks."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hddm_sbi.errors import DataError, OutputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hddm_sbi.api import HierarchicalDDM

PANEL = "The simulations"

Out = Annotated[
    Path,
    typer.Option(help="Folder of the results, from which an interrupted run is taken up.", show_default=False),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        help="Of a Dask cluster: tcp://host:8786; none: this machine.", show_default=False, rich_help_panel=PANEL
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        min=1, help="Processes on this machine; by default one per core.", show_default=False, rich_help_panel=PANEL
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="Of all random numbers.", rich_help_panel=PANEL)]


def build(data: list[str], options: dict[str, Any], source: str, where: str | None, out: Path) -> HierarchicalDDM:
    """Read the table and assemble the model, as ``fit`` does."""
    from hddm_sbi.cli.fit import build as build_model

    if out.is_file():
        raise OutputError(f"the output '{out}' is a file; name a folder with --out.")
    return build_model(data, options, source, where)


def truth_of(ddm: HierarchicalDDM, truth: str, seed: int) -> Any:
    """What the option stands for: the prior, draws of the posterior, or a table.

    Raises:
        DataError: there is no such table.
    """
    if truth == "prior":
        return truth
    if truth == "posterior":
        return ddm.sample(seed=seed)
    import pandas as pd

    try:
        return pd.read_csv(truth)
    except (OSError, ValueError) as error:
        raise DataError(
            f"--truth is '{truth}', which is neither prior, posterior nor a table that can be read: give a CSV file "
            "with a column for each value of the population."
        ) from error


def write(path: Path, content: bytes) -> Path:
    """Write a file in one step.

    Raises:
        OutputError: it cannot be written.
    """
    from hddm_sbi._files import reason_of, write_file

    try:
        write_file(path, content)
    except OSError as error:
        raise OutputError(f"'{path}' cannot be written: {reason_of(error)}.") from error
    return path


def save(figure: Figure, path: Path) -> Path:
    """Write a picture, as ``write`` does."""
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=150)
    return write(path, content.getvalue())
