"""Trains, measures and stores the network of a model: ``python -m hddm_sbi.training ddm --out pretrained``."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from hddm_sbi.likelihoods.neural.likelihood import FirstPassageLikelihood
from hddm_sbi.likelihoods.neural.network import Architecture
from hddm_sbi.ssm.base import SSM
from hddm_sbi.ssm.registry import get_model
from hddm_sbi.training.agreement import agreement
from hddm_sbi.training.first_passage import is_known
from hddm_sbi.training.nested import nested_accuracy
from hddm_sbi.training.quadrature import density_integrals, score_integrals
from hddm_sbi.training.train import TrainingPlan
from hddm_sbi.training.train_nle import exact_of, train_nle
from hddm_sbi.training.validate import density_accuracy, score_bias
from hddm_sbi.weights.checkpoint import load_card, load_network, write_card
from hddm_sbi.weights.registry import REGISTRY, write_registry

# The inner box, on which the bias of posterior means is measured: where experiments lie.
INNER_BOX = {"v": (-4.0, 4.0), "a": (0.5, 3.0), "z": (0.2, 0.8)}


def pretrain(ssm: SSM, plan: TrainingPlan, out: Path, architecture: Architecture) -> Path:
    """Train the network of a model on fresh simulations, measure it and write weights and card.

    Args:
        ssm: the model.
        plan: the training plan.
        out: folder of the weights; a checkpoint of the training stays there until it is done.
        architecture: numbers of layers and units of the networks.

    Returns:
        Path of the weights.
    """
    path = out / f"{ssm.name}.safetensors"
    train_nle(
        ssm, plan=plan, architecture=architecture, out=path, force=True, device="cpu", validate=False,
        facts={"command": command_of(ssm, plan, architecture)}, progress=lambda line: print(line, flush=True),
    )  # fmt: skip
    measure(ssm, path)
    return path


def command_of(ssm: SSM, plan: TrainingPlan, architecture: Architecture) -> str:
    """The command that trains so: what differs from the defaults is an option."""
    usual, sizes = TrainingPlan(), Architecture()
    options = {
        "--balance": (plan.balance, usual.balance),
        "--hidden": (architecture.hidden, sizes.hidden),
        "--choice-hidden": (architecture.choice_hidden, sizes.choice_hidden),
    }
    chosen = "".join(f" {name} {value:g}" for name, (value, default) in options.items() if value != default)
    return f"python -m hddm_sbi.training {ssm.name} --steps {plan.steps}{chosen} --out pretrained"


def measure(
    ssm: SSM, path: Path, draws: int = 1_000_000, points: int = 200, trials: int = 1_200_000, note: bool = True
) -> dict[str, Any]:
    """Measure stored weights against the density, where it is known, and simulations, and note it on their card.

    Args:
        ssm: the model.
        path: path of the stored weights.
        draws: trials for the errors of log p, where there is an exact density.
        points: parameter vectors for the bias of posterior means and for the comparison with simulations.
        trials: simulations of each parameter vector where shifts are seen by simulation alone, a tenth of it beside an
            exact density; a quarter of it for the comparison with simulations.
        note: whether to write the result on the card.

    Returns:
        The measurements: ``density`` over the training box, where the density is known, ``nested`` where a parameter
        has the value that makes the model a simpler one, ``posterior_shift`` over the inner box, ``simulation`` over
        the training box.
    """
    network, exact = load_network(path), exact_of(ssm)
    likelihood = FirstPassageLikelihood(network)
    accuracy: dict[str, Any] = {"reference": reference_of(ssm)}
    if exact is not None:
        accuracy["density"] = density_accuracy(ssm, likelihood, exact, draws=draws)
        # scores are compared trial by trial, so that fewer will do
        shift = score_bias(ssm, likelihood, exact, box=INNER_BOX, points=points, trials=trials // 10)
    elif is_known(ssm):
        accuracy["density"] = density_integrals(ssm, likelihood, points=points)
        shift = score_integrals(ssm, likelihood, box=INNER_BOX, points=points)
    else:
        shift = score_bias(ssm, likelihood, box=INNER_BOX, points=points, trials=trials)
    nested = nested_accuracy(ssm, likelihood)
    if nested:
        accuracy["nested"] = nested
    accuracy["posterior_shift"] = {"box": inner_box(ssm), **shift}
    accuracy["simulation"] = agreement(ssm, network, points=points, trials=trials // 4)
    if note:
        write_card(path, {**load_card(path), "accuracy": accuracy})
        if (path.parent / REGISTRY).exists():  # which holds the card's checksum
            write_registry(path.parent)
    return accuracy


def reference_of(ssm: SSM) -> str:
    """What a network for the model is compared with."""
    if exact_of(ssm) is not None:
        return "exact first-passage density"
    return "Volterra equations of the first-passage density" if is_known(ssm) else "independent simulations"


def inner_box(ssm: SSM) -> dict[str, list[float]]:
    """The range of each parameter over which the bias of posterior means is measured."""
    return {p.name: list(INNER_BOX.get(p.name, p.box)) for p in ssm.parameters}


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m hddm_sbi.training", description=__doc__)
    parser.add_argument("model", help="name of the model")
    parser.add_argument("--out", type=Path, default=Path("pretrained"), help="folder of the weights")
    parser.add_argument("--measure", action="store_true", help="only measure the weights that are there")
    parser.add_argument("--steps", type=int, help="gradient steps, instead of the plan's")
    parser.add_argument("--balance", type=float, help="how much more rarer choices count, instead of the plan's")
    parser.add_argument("--hidden", type=int, default=Architecture().hidden, help="width of the time network")
    parser.add_argument("--choice-hidden", type=int, default=Architecture().choice_hidden, help="of the choice network")
    parser.add_argument("--threads", type=int, default=1, help="of torch, at most half of the cores")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    ssm = get_model(options.model)
    if not options.measure:
        plan = TrainingPlan()
        if options.steps is not None:
            plan = replace(plan, stages=((options.steps, *plan.stages[0][1:]),))
        if options.balance is not None:
            plan = replace(plan, balance=options.balance)
        pretrain(ssm, plan, options.out, Architecture(options.hidden, choice_hidden=options.choice_hidden))
    path = options.out / f"{ssm.name}.safetensors"
    accuracy = measure(ssm, path) if options.measure else load_card(path).get("accuracy", {})
    show(accuracy)


def show(table: dict[str, Any], heading: str = "") -> None:
    """Print the numbers of nested tables, a line for each."""
    numbers = "  ".join(f"{name} {value:.4g}" for name, value in table.items() if isinstance(value, float))
    if numbers:
        print(f"{heading}{numbers}", flush=True)
    for name, inner in table.items():
        if isinstance(inner, dict):
            show(inner, f"{name}: ")
