"""``hddm-sbi plan``: how many participants and trials an experiment needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hddm_sbi.cli import plan_options, proof_options, table_options
from hddm_sbi.cli.console import one_line_errors
from hddm_sbi.cli.model_options import Correlated, Fixed, Likelihood, POutlier, Shared

if TYPE_CHECKING:
    from hddm_sbi.planning.result import Plan

DESIGN = "The planned experiment"


def plan(
    effect: Annotated[
        list[str],
        typer.Option(help="True value: 'v[cond=a] - v[cond=b] = 0.4', or normal(0.4, 0.1).", rich_help_panel=DESIGN),
    ],
    goal: Annotated[
        str,
        typer.Option(help="'interval < 0.3', 'direction > 0.95'.", rich_help_panel=DESIGN),
    ],
    participants: Annotated[str, typer.Option(help="Numbers to choose among: 10:60.", rich_help_panel=DESIGN)],
    trials: Annotated[str, typer.Option(help="Trials a cell, likewise: 40,80.", rich_help_panel=DESIGN)],
    out: proof_options.Out,
    within: Annotated[
        list[str] | None,
        typer.Option(help="Factor with its levels: cond=speed,accuracy; may be repeated.", rich_help_panel=DESIGN),
    ] = None,
    between: Annotated[
        list[str] | None,
        typer.Option(help="The same, between participants; group=a:2,b:1.", rich_help_panel=DESIGN),
    ] = None,
    typical: Annotated[
        list[str] | None, typer.Option(help="Typical participant's value: v=1.5.", rich_help_panel=DESIGN)
    ] = None,
    sd: Annotated[
        list[str] | None, typer.Option(help="Between people, on the link scale: v=0.5.", rich_help_panel=DESIGN)
    ] = None,
    coding: table_options.Coding = "accuracy",
    deadline: Annotated[float | None, typer.Option(help="Time limit, seconds.", rich_help_panel=DESIGN)] = None,
    power: Annotated[
        float, typer.Option(help="Share of experiments that are to reach the goal.", rich_help_panel=DESIGN)
    ] = 0.8,
    n: Annotated[int, typer.Option("-n", "--n", help="Fits at most.", rich_help_panel=proof_options.PANEL)] = 200,
    model: table_options.Model = "ddm",
    formula: table_options.Formula = None,
    likelihood: Likelihood = "nle",
    correlated: Correlated = None,
    shared: Shared = None,
    fixed: Fixed = None,
    p_outlier: POutlier = "estimate",
    scheduler: proof_options.Scheduler = None,
    workers: proof_options.Workers = None,
    seed: proof_options.Seed = 0,
) -> None:
    """Simulate and fit experiments of many sizes: how many participants and trials reach a goal.

    Writes plan.txt, plan.csv (the curve), plan.png into a folder, beside its own results there (the folder rows), from
    which the same command goes on where it stopped.
    """
    with one_line_errors():
        from hddm_sbi.cli import parsing
        from hddm_sbi.cli.user_model import find_model
        from hddm_sbi.planning.plan import plan as find_plan

        design = {
            "within": plan_options.factors(within or (), "--within"),
            "between": plan_options.factors(between or (), "--between"),
            "typical": plan_options.values(typical or (), "--typical"), "sd": plan_options.values(sd or (), "--sd"),
            "coding": coding, "deadline": deadline, "model": find_model(model), "formula": formula or None,
            "likelihood": likelihood, "shared": parsing.names(shared or ()),
            "correlated": parsing.correlated(correlated) if correlated else False,
            "fixed": parsing.constants(fixed or ()) or None, "p_outlier": parsing.lapse_probability(p_outlier),
        }  # fmt: skip
        found = find_plan(
            design, plan_options.values(effect, "--effect"), goal,
            plan_options.sizes(participants, "--participants"), plan_options.sizes(trials, "--trials"),
            power=power, n=n, scheduler=scheduler, out=out, seed=seed, workers=workers,
        )  # fmt: skip
        typer.echo(str(found))
        written = [
            proof_options.write(out / "plan.txt", f"{found}\n".encode()),
            proof_options.write(out / "plan.csv", found.curve.to_csv(index=False).encode()),
            _picture(found, out / "plan.png"),
        ]
        typer.echo("\nWritten: " + ", ".join(map(str, written)))


def _picture(found: Plan, path: Path) -> Path:
    from matplotlib.figure import Figure

    from hddm_sbi.plots import plan

    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    plan(found, figure)
    return proof_options.save(figure, path)
