"""``hddm-sbi recover``: whether a design can recover its parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hddm_sbi.cli import model_options, proof_options, table_options
from hddm_sbi.cli.console import one_line_errors


def recover(
    data: table_options.Files,
    out: proof_options.Out,
    n: Annotated[int, typer.Option("-n", "--n", help="Data sets.", rich_help_panel=proof_options.PANEL)] = 100,
    truth: Annotated[
        str,
        typer.Option(
            help="posterior: that of these data, sampled first; prior; or a table of population values.",
            rich_help_panel=proof_options.PANEL,
        ),
    ] = "posterior",
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
    likelihood: model_options.Likelihood = "nle",
    pooling: model_options.Pooling = "partial",
    no_random_slopes: model_options.NoRandomSlopes = False,
    correlated: model_options.Correlated = None,
    contrasts: model_options.Contrasts = None,
    shared: model_options.Shared = None,
    fixed: model_options.Fixed = None,
    p_outlier: model_options.POutlier = "estimate",
    lapse: model_options.Lapse = "0,",
    scheduler: proof_options.Scheduler = None,
    workers: proof_options.Workers = None,
    seed: proof_options.Seed = 0,
) -> None:
    """Simulate this experiment and fit it, many times: bias, coverage, and which parameters it can tell.

    Writes recovery.csv, participants.csv, recovery.txt and pictures into a folder, beside its own results there (the
    folder rows), from which the same command goes on where it stopped.
    """
    with one_line_errors():
        options = table_options.parsed(
            groupby=groupby, rt=rt, response=response, rt_unit=rt_unit, choices=choices, coding=coding,
            deadline=deadline, truncate=truncate, go=go, stimulus=stimulus, model=model, formula=formula,
        ) | model_options.parsed(
            likelihood=likelihood, pooling=pooling, no_random_slopes=no_random_slopes, correlated=correlated,
            contrasts=contrasts, shared=shared, fixed=fixed, p_outlier=p_outlier, lapse=lapse,
        )  # fmt: skip
        ddm = proof_options.build(data, options, source, where, out)
        given = proof_options.truth_of(ddm, truth, seed)
        found = ddm.recover(n, given, scheduler=scheduler, out=out, seed=seed, workers=workers)
        typer.echo(str(found))
        written = [
            proof_options.write(out / "recovery.csv", found.table.to_csv().encode()),
            proof_options.write(out / "participants.csv", found.participants.to_csv().encode()),
            proof_options.write(out / "recovery.txt", f"{found}\n".encode()),
            *_pictures(found, out),
        ]
        typer.echo("\nWritten: " + ", ".join(map(str, written)))


def _pictures(found: object, out: Path) -> list[Path]:
    from matplotlib.figure import Figure

    from hddm_sbi.plots import recovery

    paths = []
    for of in ("population", "participants"):
        rows = found.estimates["kind"] == "participant"  # type: ignore[attr-defined]
        if (rows if of == "participants" else ~rows).any():
            figure = Figure(figsize=(11.6, 8.1), layout="constrained")
            recovery(found, of, figure)  # type: ignore[arg-type]
            paths.append(proof_options.save(figure, out / f"{of}.png"))
    return paths
