"""What ``fit``, ``recover`` and ``sbc`` ask of a model beside its formula: the options, and what they mean."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hddm_sbi.cli.table_options import MODEL

Likelihood = Annotated[str, typer.Option(help="nle, exact, or the path of a checkpoint.", rich_help_panel=MODEL)]
Pooling = Annotated[str, typer.Option(help="partial, none or complete.", rich_help_panel=MODEL)]
NoRandomSlopes = Annotated[
    bool, typer.Option("--no-random-slopes", help="Only intercepts vary by participant.", rich_help_panel=MODEL)
]
Correlated = Annotated[
    list[str] | None,
    typer.Option(
        help="Group effects are jointly normal; of v,a only those of v and a. May be repeated.",
        show_default=False,
        rich_help_panel=MODEL,
    ),
]
Contrasts = Annotated[
    list[str] | None,
    typer.Option(
        help="treatment, sum, helmert or orthonormal; or by factor: cond=sum. May be repeated.",
        show_default=False,
        rich_help_panel=MODEL,
    ),
]
Shared = Annotated[
    list[str] | None,
    typer.Option(help="Parameters that do not vary by participant: z,t0; may be repeated.", rich_help_panel=MODEL),
]
Fixed = Annotated[list[str] | None, typer.Option(help="Constants: z=0.5; may be repeated.", rich_help_panel=MODEL)]
POutlier = Annotated[
    str, typer.Option(help="Lapse probability: estimate, or a number (0: none).", rich_help_panel=MODEL)
]
Lapse = Annotated[
    str, typer.Option(help="Window of the lapses in seconds, 0,20; no end: the longest rt.", rich_help_panel=MODEL)
]


def parsed(
    *, likelihood: str, pooling: str, no_random_slopes: bool, correlated: list[str] | None,
    contrasts: list[str] | None, shared: list[str] | None, fixed: list[str] | None, p_outlier: str, lapse: str,
) -> dict[str, Any]:  # fmt: skip
    """The arguments of the Python interface that these options stand for.

    Raises:
        HDDMError: one of them cannot be read.
    """
    from hddm_sbi.cli import parsing

    options: dict[str, Any] = {
        "likelihood": likelihood,
        "pooling": pooling,
        "random_slopes": not no_random_slopes,
        "shared": parsing.names(shared or ()),
        "fixed": parsing.constants(fixed or ()) or None,
        "p_outlier": parsing.lapse_probability(p_outlier),
        "lapse": parsing.lapse_window(lapse),
    }
    if correlated:
        options["correlated"] = parsing.correlated(correlated)
    if contrasts:
        options["contrasts"] = parsing.contrasts(contrasts)
    return options
