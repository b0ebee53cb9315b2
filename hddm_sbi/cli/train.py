"""``hddm-sbi train``: a network for a model, one's own or one of ours, from simulations."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hddm_sbi.cli.console import INTERRUPTED, one_line_errors, quick_imports


def train(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="my_model.py:model, an hddm_sbi.SSM in a file; or a name.", show_default=False
        ),
    ],
    out: Annotated[Path, typer.Option(help="File for the weights, NAME.safetensors; the card goes beside it.")],
    simulations: Annotated[str, typer.Option(help="How many to train on: 1000000, 1e8.")] = "1e7",
    seed: Annotated[int, typer.Option(min=0, help="Of simulations and initial weights.")] = 0,
    device: Annotated[str, typer.Option(help="auto (a GPU if there is one), cpu or cuda.")] = "auto",
    force: Annotated[bool, typer.Option("--force", help="Overwrite the weights where they exist.")] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start again; what an interrupted training left is replaced in time.")
    ] = False,
) -> None:
    """Train a network of a model's likelihood from simulations.

    Progress is kept in NAME.training beside the weights: after an interruption the same command goes on from there. At
    the end the network is compared with an independent simulation, and with the exact density where there is one.
    """
    with one_line_errors():
        from hddm_sbi.cli.output import check_files
        from hddm_sbi.cli.parsing import count
        from hddm_sbi.cli.user_model import find_model
        from hddm_sbi.errors import OutputError

        number = count(simulations, "--simulations")
        if out.suffix != ".safetensors":
            raise OutputError(f"the weights '{out}' need a name that ends with .safetensors.")
        check_files((out, out.with_suffix(".json")), force)
        found = find_model(model)  # before the slow imports
        with quick_imports():
            from hddm_sbi.training.train_nle import is_rough, train_nle

        command = f"hddm-sbi train {model} --simulations {number} --seed {seed} --out {out.name}"
        try:
            estimator = train_nle(
                found, simulations=number, seed=seed, out=out, force=force, resume=not fresh, device=device,
                facts={"command": command},
            )  # fmt: skip
        except KeyboardInterrupt as interrupt:
            _interrupted(out.with_suffix(".training"), bool(getattr(interrupt, "__notes__", ())), fresh)
            raise typer.Exit(INTERRUPTED) from None
        typer.echo(f"Written: {out}, {out.with_suffix('.json')}")
        if not is_rough(estimator.card["validation"]):
            typer.echo(f"Use it: hddm-sbi fit DATA.csv --out RUN --model {model} --likelihood {out}")


def _interrupted(checkpoint: Path, kept: bool, fresh: bool) -> None:
    if kept:
        again = "the same command without --fresh" if fresh else "the same command"
        line = f"Interrupted: the training so far is in '{checkpoint}'; {again} goes on from there."
    else:
        line = "Interrupted before the first checkpoint: nothing is written."
    typer.echo(line, err=True)
