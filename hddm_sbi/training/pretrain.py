"""Trains, measures and stores the network of a model: ``python -m hddm_sbi.training ddm --out pretrained``."""

from __future__ import annotations

import argparse
import platform
import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from hddm_sbi.likelihoods.checkpoint import load_card, load_network, save_checkpoint, write_card
from hddm_sbi.likelihoods.exact import EXACT
from hddm_sbi.likelihoods.neural.likelihood import FirstPassageLikelihood
from hddm_sbi.ssm.base import SSM
from hddm_sbi.ssm.registry import get_model
from hddm_sbi.training.train import Trainer, TrainingPlan
from hddm_sbi.training.validate import density_accuracy, score_bias

# The inner box, on which the bias of posterior means is measured: where experiments lie.
INNER_BOX = {"v": (-4.0, 4.0), "a": (0.5, 3.0), "z": (0.2, 0.8)}


def pretrain(ssm: SSM, plan: TrainingPlan, out: Path) -> Path:
    """Train the network of a model on fresh simulations, measure it and write weights and card.

    Args:
        ssm: the model.
        plan: what to train.
        out: folder of the weights; a checkpoint of the training stays there until it is done.

    Returns:
        Path of the weights.
    """
    out.mkdir(parents=True, exist_ok=True)
    path, checkpoint = out / f"{ssm.name}.safetensors", out / f"{ssm.name}.training"
    begin = time.monotonic()
    estimator = Trainer(ssm, plan).run(checkpoint=checkpoint, report=lambda line: print(line, flush=True))
    seconds = time.monotonic() - begin
    save_checkpoint(estimator, path, {"model": ssm.name, **_birth(ssm.name, plan, seconds)})
    checkpoint.unlink(missing_ok=True)
    measure(ssm, path)
    return path


def measure(ssm: SSM, path: Path, draws: int = 1_000_000, points: int = 500) -> dict[str, Any]:
    """Measure stored weights against the exact density, where there is one, and note the result on their card.

    Args:
        ssm: the model.
        path: of the weights.
        draws: trials for the errors of log p.
        points: parameter vectors for the bias of posterior means.

    Returns:
        The measurements: ``density`` over the training box, ``posterior_shift`` over the inner box.
    """
    if ssm.name not in EXACT:
        return {}
    likelihood, exact = FirstPassageLikelihood(load_network(path)), EXACT[ssm.name]
    shift = score_bias(ssm, likelihood, exact, box=INNER_BOX, points=points)
    accuracy = {
        "reference": "exact first-passage density",
        "density": density_accuracy(ssm, likelihood, exact, draws=draws),
        "posterior_shift": {"box": {name: list(edges) for name, edges in INNER_BOX.items()}, **shift},
    }
    write_card(path, {**load_card(path), "accuracy": accuracy})
    return accuracy


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m hddm_sbi.training", description=__doc__)
    parser.add_argument("model", help="name of the model")
    parser.add_argument("--out", type=Path, default=Path("pretrained"), help="folder of the weights")
    parser.add_argument("--measure", action="store_true", help="only measure the weights that are there")
    parser.add_argument("--threads", type=int, default=1, help="of torch, beside the simulator's own thread")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    ssm = get_model(options.model)
    if not options.measure:
        pretrain(ssm, TrainingPlan(), options.out)
    path = options.out / f"{ssm.name}.safetensors"
    accuracy = measure(ssm, path) if options.measure else load_card(path).get("accuracy", {})
    for table in accuracy.values():
        if isinstance(table, dict):
            print("  ".join(f"{name} {value:.4g}" for name, value in table.items() if isinstance(value, float)))


def _birth(model: str, plan: TrainingPlan, seconds: float) -> dict[str, Any]:
    """What it takes to train the same network again."""
    packages = ("hddm-sbi", "torch", "numpy", "numba", "sbi")
    return {
        "command": f"python -m hddm_sbi.training {model} --out pretrained",
        "training": {**asdict(plan), "simulations": plan.simulations, "data": "fresh simulations only, each used once"},
        "seconds": round(seconds),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in packages}},
    }
