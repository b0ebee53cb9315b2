"""``hddm-sbi read``: experiment software's files to one table of trials."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hddm_sbi.cli.console import one_line_errors


def read(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILES", help="Files, folders, patterns or archives.", show_default=False),
    ],
    out: Annotated[Path, typer.Option(help="File for the trials, CSV.", show_default=False)],
    source: Annotated[str, typer.Option(help="What wrote the files: jspsych, psychopy, labjs, ...")] = "auto",
    groupby: Annotated[
        str | None, typer.Option(help="Column of the participant; source_file: a file each.", show_default=False)
    ] = None,
    rt: Annotated[str | None, typer.Option(help="Column of the response times.", show_default=False)] = None,
    response: Annotated[str | None, typer.Option(help="Column of the responses.", show_default=False)] = None,
    rt_unit: Annotated[str | None, typer.Option(help="s or ms, in the files.", show_default=False)] = None,
    where: Annotated[
        str | None, typer.Option(help="Which rows are trials: \"phase == 'test'\".", show_default=False)
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file where it exists.")] = False,
) -> None:
    """Read what experiment software wrote into one table of trials, and say what was read as what."""
    with one_line_errors():
        from hddm_sbi.cli.output import check_files, write_text
        from hddm_sbi.reading import read as read_files

        check_files((out,), force)
        table = read_files(files, source, groupby=groupby, rt=rt, response=response, rt_unit=rt_unit, where=where)
        # response times to the microsecond
        write_text(out, table.to_csv(index=False, float_format="%.6f", lineterminator="\n"))
        typer.echo(table.attrs["reading"]["text"])
        typer.echo(f"\nWritten: {out}")
