"""``hddm-sbi check``: what is in a table of trials, before a model is fitted to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hddm_sbi.cli import table_options
from hddm_sbi.cli.console import one_line_errors

if TYPE_CHECKING:
    from hddm_sbi.api import HierarchicalDDM


def check(
    data: table_options.Files,
    source: table_options.Source = "auto",
    where: table_options.Where = None,
    groupby: table_options.GroupBy = None,
    rt: table_options.Rt = "rt",
    response: table_options.Response = "response",
    rt_unit: table_options.RtUnit = "s",
    choices: table_options.Choices = None,
    coding: table_options.Coding = "response",
    deadline: table_options.Deadline = None,
    truncate: table_options.Truncate = None,
    go: table_options.Go = None,
    stimulus: table_options.Stimulus = None,
    model: table_options.Model = "ddm",
    formula: table_options.Formula = None,
    conditions: Annotated[
        list[str] | None, typer.Option(help="Columns of factors to look at: cond,stim; may be repeated.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File for a page of HTML.", show_default=False)] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite that file where it exists.")] = False,
) -> None:
    """Look over the data before a model is fitted: what is in them, what is odd, and what the model will do.

    Nothing is changed and nothing in the table is refused: what a fit would refuse is among the findings.
    """
    with one_line_errors():
        from hddm_sbi.cli import parsing
        from hddm_sbi.cli.experiment_files import load
        from hddm_sbi.cli.output import check_files
        from hddm_sbi.doctor import check_data

        if out is not None:
            check_files((out,), force)
        options = table_options.parsed(
            groupby=groupby, rt=rt, response=response, rt_unit=rt_unit, choices=choices, coding=coding,
            deadline=deadline, truncate=truncate, go=go, stimulus=stimulus, model=model, formula=formula,
        )  # fmt: skip
        table = load(data, options, source, where)
        checkup = check_data(table, conditions=parsing.names(conditions or ()), **options)
        typer.echo(str(checkup))
        if out is not None:
            typer.echo(f"\nWritten: {checkup.to_html(out)}")


def say_what_matters(ddm: HierarchicalDDM) -> None:
    """What the doctor finds in the trials of a model, in three lines at most; the model has said the rest itself."""
    from hddm_sbi.doctor.quick import quick_lines

    for line in quick_lines(ddm.trials, ddm.conditions.columns):
        typer.echo(" ".join(line.split()))
