"""``hddm-sbi fit``: from an experiment's table to a posterior, in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hddm_sbi.cli import table_options
from hddm_sbi.cli.check import say_what_matters
from hddm_sbi.cli.console import one_line_errors, quick_imports

if TYPE_CHECKING:
    from hddm_sbi.api import HierarchicalDDM
    from hddm_sbi.cli.output import OutputFolder
    from hddm_sbi.results.certificate import Certificate

FILES = ("idata.nc", "summary.csv", "predictive.png", "report.html")

# Predicted data sets for the plot: its 95% band is known to about 1% of probability, and that of many trials, where it
# is narrow, to 2%. The predicted trials of an experiment of up to a million then fill 1 GB at most.
_PREDICTED, _PREDICTED_LEAST = 400, 100
_PREDICTED_TRIALS = 100_000_000

# For each part of the certificate of a fit by a network.
_CERTIFY_SECONDS = 10.0

_MODEL, _SAMPLING = table_options.MODEL, "Sampling"


def fit(
    data: table_options.Files,
    out: Annotated[Path, typer.Option(help="Folder for the results.", show_default=False)],
    force: Annotated[bool, typer.Option("--force", help="Overwrite result files of other origin.")] = False,
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
    likelihood: Annotated[
        str, typer.Option(help="nle, exact, or the path of a checkpoint.", rich_help_panel=_MODEL)
    ] = "nle",
    pooling: Annotated[str, typer.Option(help="partial, none or complete.", rich_help_panel=_MODEL)] = "partial",
    no_random_slopes: Annotated[
        bool,
        typer.Option("--no-random-slopes", help="Only intercepts vary by participant.", rich_help_panel=_MODEL),
    ] = False,
    correlated: Annotated[
        list[str] | None,
        typer.Option(
            help="Group effects are jointly normal; of v,a only those of v and a. May be repeated.",
            show_default=False,
            rich_help_panel=_MODEL,
        ),
    ] = None,
    contrasts: Annotated[
        list[str] | None,
        typer.Option(
            help="treatment, sum, helmert or orthonormal; or by factor: cond=sum. May be repeated.",
            show_default=False,
            rich_help_panel=_MODEL,
        ),
    ] = None,
    shared: Annotated[
        list[str] | None,
        typer.Option(
            help="Parameters that do not vary by participant: z,t0; may be repeated.",
            rich_help_panel=_MODEL,
        ),
    ] = None,
    fixed: Annotated[
        list[str] | None, typer.Option(help="Constants: z=0.5; may be repeated.", rich_help_panel=_MODEL)
    ] = None,
    p_outlier: Annotated[
        str,
        typer.Option(help="Lapse probability: estimate, or a number (0: none).", rich_help_panel=_MODEL),
    ] = "estimate",
    lapse: Annotated[
        str,
        typer.Option(help="Window of the lapses in seconds, 0,20; no end: the longest rt.", rich_help_panel=_MODEL),
    ] = "0,",
    draws: Annotated[
        str, typer.Option(help="Of each chain; auto: as many as it takes.", rich_help_panel=_SAMPLING)
    ] = "auto",
    tune: Annotated[
        str, typer.Option(help="Warm-up draws before them; auto: 300 or 1000, as it takes.", rich_help_panel=_SAMPLING)
    ] = "auto",
    max_draws: Annotated[
        int, typer.Option(min=1, help="The most that auto takes of each chain.", rich_help_panel=_SAMPLING)
    ] = 10_000,
    minutes: Annotated[
        float | None, typer.Option(help="End after so many.", show_default=False, rich_help_panel=_SAMPLING)
    ] = None,
    chains: Annotated[int, typer.Option(min=1, help="Number of chains.", rich_help_panel=_SAMPLING)] = 4,
    sampler: Annotated[str, typer.Option(help="nutpie or pyro.", rich_help_panel=_SAMPLING)] = "nutpie",
    seed: Annotated[int, typer.Option(min=0, help="Of all random numbers.", rich_help_panel=_SAMPLING)] = 0,
) -> None:
    """Fit a hierarchical model to an experiment.

    Writes idata.nc (all draws, for ArviZ), summary.csv, predictive.png and report.html, a page to look at and to share,
    into a folder, and a record of them. It replaces its own earlier results there; other files are never overwritten
    without --force.
    """
    with one_line_errors():
        from hddm_sbi.cli import ahead, parsing
        from hddm_sbi.cli.output import OutputFolder

        options = table_options.parsed(
            groupby=groupby, rt=rt, response=response, rt_unit=rt_unit, choices=choices, coding=coding,
            deadline=deadline, truncate=truncate, go=go, stimulus=stimulus, model=model, formula=formula,
        ) | {
            "likelihood": likelihood,
            "pooling": pooling,
            "random_slopes": not no_random_slopes,
            "shared": parsing.names(shared or ()),
            "fixed": parsing.constants(fixed or ()) or None,
            "p_outlier": parsing.lapse_probability(p_outlier),
            "lapse": parsing.lapse_window(lapse),
        }  # fmt: skip
        if correlated:
            options["correlated"] = parsing.correlated(correlated)
        if contrasts:
            options["contrasts"] = parsing.contrasts(contrasts)
        sampling: dict[str, Any] = {
            "draws": parsing.draws(draws, "--draws"),
            "tune": parsing.draws(tune, "--tune"),
            "max_draws": max_draws,
            "minutes": minutes,
            "chains": chains,
            "sampler": sampler,
            "seed": seed,
        }
        folder = OutputFolder(out, FILES, force)
        folder.check()
        usual = model.isidentifier() and likelihood in ("exact", "nle") and sampler == "nutpie"
        if usual:
            ahead.start(model, likelihood)
        ddm = _build(data, options, source, where)
        folder.create()
        typer.echo(f"{ddm}\n")
        say_what_matters(ddm)
        idata = ddm.sample(**sampling, progress=True)
        _write(ddm, idata, folder, seed, data)
        if usual:
            ahead.set_ready(model, likelihood)


def _build(data: list[str], options: dict[str, Any], source: str, where: str | None) -> HierarchicalDDM:
    """Read the table and assemble the model: all bad input shows here, before anything is written."""
    from hddm_sbi.cli.experiment_files import load

    table = load(data, options, source, where)  # before the slow imports
    with quick_imports():
        from hddm_sbi.api import HierarchicalDDM

    return HierarchicalDDM(table, **options)


def _write(ddm: HierarchicalDDM, idata: Any, folder: OutputFolder, seed: int, data: list[str]) -> None:
    """Save the draws first, then what is computed from them; tell what was found and where it is."""
    from hddm_sbi.results.report import print_certificate, print_report
    from hddm_sbi.results.shifts import FEWEST_DRAWS
    from hddm_sbi.results.summary import summarise
    from hddm_sbi.results.to_arviz import group, save

    paths = [folder.write("idata.nc", lambda path: save(idata, path))]
    summary = summarise(idata)
    paths.append(folder.write("summary.csv", lambda path: summary.to_csv(path, float_format="%.6g", encoding="utf-8")))
    print_report(idata, summary=summary)
    certificate = None
    sizes, by_network = group(idata, "posterior").sizes, idata.attrs.get("likelihood", "exact") != "exact"
    if by_network and sizes["chain"] * sizes["draw"] < FEWEST_DRAWS:
        typer.echo(f"\nThe network is not certified: that takes at least {FEWEST_DRAWS} draws.")
    elif by_network:
        certificate = ddm.certify(idata, seconds=_CERTIFY_SECONDS, seed=seed)
        print_certificate(certificate)
        moved = {"shift": "network_shift", "mc_error": "network_shift_error"}
        whole = summary.assign(**{name: certificate.table[column].to_numpy() for column, name in moved.items()})
        folder.write("summary.csv", lambda path: whole.to_csv(path, float_format="%.6g", encoding="utf-8"))
    paths.append(folder.write("predictive.png", lambda path: _plot(ddm, idata, seed, path)))
    typer.echo("\nWritten: " + ", ".join(str(path) for path in paths))
    _report(ddm, idata, folder, certificate, data)


def _report(
    ddm: HierarchicalDDM, idata: Any, folder: OutputFolder, certificate: Certificate | None, data: list[str]
) -> None:
    """The page about the fit, last of all: whatever happens to it, the rest is there."""
    from hddm_sbi.cli.origin import checksums, command
    from hddm_sbi.plots.estimates import FEWEST_DRAWS
    from hddm_sbi.results.to_arviz import group

    sizes = group(idata, "posterior").sizes
    if sizes["chain"] * sizes["draw"] < FEWEST_DRAWS:
        typer.echo(f"There is no report: that takes at least {FEWEST_DRAWS} draws.")
        return

    def write(path: Path) -> None:
        ddm.report(idata, path, certificate=certificate, command=command(), files=checksums(data))

    typer.echo(f"Report: {folder.write('report.html', write)}")


def _plot(ddm: HierarchicalDDM, idata: Any, seed: int, path: Path) -> None:
    """The posterior predictive plot; a figure of its own needs no display."""
    import numpy as np
    from matplotlib.figure import Figure

    from hddm_sbi.plots import plot_predictive
    from hddm_sbi.plots.observed import Predicted
    from hddm_sbi.plots.reading import indices
    from hddm_sbi.results.to_arviz import thin

    trials = ddm.trials
    sets = max(_PREDICTED_LEAST, min(_PREDICTED, _PREDICTED_TRIALS // trials.n))
    predicted = ddm.predict(thin(idata, sets), seed=seed)
    rt, choice = (np.asarray(predicted[name]).reshape(-1, trials.n) for name in ("rt", "choice"))
    figure = Figure(figsize=(7.0, 3.8), layout="constrained")
    plot_predictive(Predicted(trials.rt, trials.choice, rt, indices(choice), trials.options), figure.subplots())
    figure.savefig(path, format="png", dpi=150)
