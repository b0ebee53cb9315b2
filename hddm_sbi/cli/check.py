"""``hddm-sbi check``: what is in a table of trials, before a model is fitted to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hddm_sbi.cli.console import one_line_errors

if TYPE_CHECKING:
    from hddm_sbi.api import HierarchicalDDM


def check(
    data: Annotated[
        list[str],
        typer.Argument(
            metavar="DATA", help="A table of trials, or files, folders or archives as for read.", show_default=False
        ),
    ],
    source: Annotated[str, typer.Option(help="What wrote the files, as for read.")] = "auto",
    where: Annotated[
        str | None, typer.Option(help="Which rows are trials: \"phase == 'test'\".", show_default=False)
    ] = None,
    groupby: Annotated[
        list[str] | None,
        typer.Option(help="Column of the participant; repeated, the columns that name one together."),
    ] = None,
    rt: Annotated[str, typer.Option(help="Column of the response times.")] = "rt",
    response: Annotated[str, typer.Option(help="Column of the responses.")] = "response",
    rt_unit: Annotated[str, typer.Option(help="s or ms.")] = "s",
    choices: Annotated[str | None, typer.Option(help="Labels of the responses, lower first: left,right.")] = None,
    coding: Annotated[str, typer.Option(help="response, accuracy or stimulus.")] = "response",
    deadline: Annotated[
        str | None, typer.Option(help="By which a response had to come: seconds, or a column.", show_default=False)
    ] = None,
    truncate: Annotated[
        str | None,
        typer.Option(help="Trials with an rt outside were taken out: 0.2,3 or none,3.", show_default=False),
    ] = None,
    go: Annotated[
        str | None, typer.Option(help="Go/no-go: the label of the only response that is made.", show_default=False)
    ] = None,
    stimulus: Annotated[
        str | None,
        typer.Option(
            help="Column of the stimuli, whose levels are the responses, or stim:word=left,nonword=right.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[str, typer.Option(help="See 'hddm-sbi models'; or FILE.py:NAME.")] = "ddm",
    formula: Annotated[list[str] | None, typer.Option(help="Such as 'v ~ conf'; may be repeated.")] = None,
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
        from hddm_sbi.cli.user_model import find_model
        from hddm_sbi.doctor import check_data

        if out is not None:
            check_files((out,), force)
        options: dict[str, Any] = {
            "groupby": parsing.one_or_several(groupby or ()),
            "formula": formula or None,
            "model": find_model(model),
            "coding": coding,
            "stimulus": None if stimulus is None else parsing.stimulus(stimulus),
            "rt": rt,
            "response": response,
            "rt_unit": rt_unit,
            "choices": None if choices is None else parsing.labels(choices, "--choices"),
            "deadline": None if deadline is None else parsing.limit(deadline),
            "truncate": None if truncate is None else parsing.truncation(truncate),
            "go": go,
            "conditions": parsing.names(conditions or ()),
        }
        table = load(data, options, source, where)
        checkup = check_data(table, **options)
        typer.echo(str(checkup))
        if out is not None:
            typer.echo(f"\nWritten: {checkup.to_html(out)}")


def say_what_matters(ddm: HierarchicalDDM) -> None:
    """What the doctor finds in the trials of a model, in three lines at most; the model has said the rest itself."""
    from hddm_sbi.doctor.quick import quick_lines

    for line in quick_lines(ddm.trials, ddm.conditions.columns):
        typer.echo(" ".join(line.split()))
