"""``hddm-sbi sbc``: whether posteriors of a model are calibrated."""

from __future__ import annotations

from typing import Annotated

import typer

from hddm_sbi.cli import model_options, proof_options, table_options
from hddm_sbi.cli.console import one_line_errors


def sbc(
    data: table_options.Files,
    out: proof_options.Out,
    n: Annotated[int, typer.Option("-n", "--n", help="Data sets.", rich_help_panel=proof_options.PANEL)] = 500,
    truth: Annotated[
        str,
        typer.Option(
            help="prior; or posterior: that of these data, sampled first (posterior SBC).",
            rich_help_panel=proof_options.PANEL,
        ),
    ] = "prior",
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
    """Simulate true values and data, fit them, and rank the truths: simulation-based calibration.

    Writes calibration.csv, calibration.txt and ranks.png into a folder, beside its own results there (the folder rows),
    from which the same command goes on where it stopped.
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
        found = ddm.sbc(n, given, scheduler=scheduler, out=out, seed=seed, workers=workers)
        typer.echo(str(found))
        from matplotlib.figure import Figure

        from hddm_sbi.plots import ranks

        figure = Figure(figsize=(9.3, 7.8), layout="constrained")
        ranks(found, figure)
        written = [
            proof_options.write(out / "calibration.csv", found.table.to_csv().encode()),
            proof_options.write(out / "calibration.txt", f"{found}\n".encode()),
            proof_options.save(figure, out / "ranks.png"),
        ]
        typer.echo("\nWritten: " + ", ".join(map(str, written)))
