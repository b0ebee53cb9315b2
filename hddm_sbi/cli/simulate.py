"""``hddm-sbi simulate``: a made-up experiment, and the parameters it was made with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hddm_sbi.cli.console import one_line_errors


def simulate(
    out: Annotated[Path, typer.Option(help="File for the trials; the truth goes beside it, as NAME.truth.json.")],
    model: Annotated[str, typer.Option(help="Name of the model; see 'hddm-sbi models'.")] = "ddm",
    subjects: Annotated[int, typer.Option(min=1, help="Number of participants.")] = 20,
    trials: Annotated[int, typer.Option(min=1, help="Trials of each participant.")] = 200,
    accumulators: Annotated[int | None, typer.Option(help="Of a race (rdm, lba): 2, 3 or 4; default 2.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same experiment.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the two files where they exist.")] = False,
) -> None:
    """Simulate an experiment: columns subject, rt (seconds) and response, one row per trial."""
    with one_line_errors():
        import json

        from hddm_sbi.cli.experiment import simulate_experiment
        from hddm_sbi.cli.output import check_files, write_text

        truth_path = out.with_name(f"{out.stem}.truth.json")
        check_files((out, truth_path), force)
        table, truth = simulate_experiment(model, subjects, trials, seed, accumulators)
        # response times to the microsecond
        write_text(out, table.to_csv(index=False, float_format="%.6f", lineterminator="\n"))
        write_text(truth_path, json.dumps(truth, indent=2) + "\n")
        typer.echo(f"{len(table):,} trials of {subjects} participants: {out}")
        typer.echo(f"the parameters they were simulated with: {truth_path}")
