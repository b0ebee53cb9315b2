"""What ``fit`` and ``check`` ask of a table and of the model's formula: the options, and what they mean in Python."""

from __future__ import annotations

from typing import Annotated, Any

import typer

DATA, MODEL = "The experiment", "The model"

Files = Annotated[
    list[str],
    typer.Argument(
        metavar="DATA", help="A table of trials, or files, folders or archives as for read.", show_default=False
    ),
]
Source = Annotated[str, typer.Option(help="What wrote the files, as for read.", rich_help_panel=DATA)]
Where = Annotated[
    str | None,
    typer.Option(help="Which rows are trials: \"phase == 'test'\".", show_default=False, rich_help_panel=DATA),
]
GroupBy = Annotated[
    list[str] | None,
    typer.Option(help="Column of the participant; repeated, the columns that name one together.", rich_help_panel=DATA),
]
Rt = Annotated[str, typer.Option(help="Column of the response times.", rich_help_panel=DATA)]
Response = Annotated[str, typer.Option(help="Column of the responses.", rich_help_panel=DATA)]
RtUnit = Annotated[str, typer.Option(help="s or ms.", rich_help_panel=DATA)]
Choices = Annotated[
    str | None, typer.Option(help="Labels of the responses, lower first: left,right.", rich_help_panel=DATA)
]
Coding = Annotated[
    str,
    typer.Option(
        help="response: the two options; accuracy: error and correct; stimulus: the drift changes sign with it.",
        rich_help_panel=DATA,
    ),
]
Deadline = Annotated[
    str | None,
    typer.Option(
        help="By which a response had to come: seconds, or a column.", show_default=False, rich_help_panel=DATA
    ),
]
Truncate = Annotated[
    str | None,
    typer.Option(
        help="Trials with an rt outside were taken out of the data: 0.2,3 or none,3.",
        show_default=False,
        rich_help_panel=DATA,
    ),
]
Go = Annotated[
    str | None,
    typer.Option(
        help="Go/no-go: the label of the only response that is made.", show_default=False, rich_help_panel=DATA
    ),
]
Stimulus = Annotated[
    str | None,
    typer.Option(
        help="Column of the stimuli, whose levels are the responses, or stim:word=left,nonword=right.",
        rich_help_panel=DATA,
    ),
]
Model = Annotated[str, typer.Option(help="See 'hddm-sbi models'; or FILE.py:NAME.", rich_help_panel=MODEL)]
Formula = Annotated[list[str] | None, typer.Option(help="Such as 'v ~ conf'; may be repeated.", rich_help_panel=MODEL)]


def parsed(
    *, groupby: list[str] | None, rt: str, response: str, rt_unit: str, choices: str | None, coding: str,
    deadline: str | None, truncate: str | None, go: str | None, stimulus: str | None, model: str,
    formula: list[str] | None,
) -> dict[str, Any]:  # fmt: skip
    """The arguments of the Python interface that these options stand for.

    Raises:
        HDDMError: one of them cannot be read.
    """
    from hddm_sbi.cli import parsing
    from hddm_sbi.cli.user_model import find_model

    return {
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
    }
