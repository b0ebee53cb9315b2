"""Trains a first-passage estimator on a stream of fresh simulations."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from hddm_sbi.errors import WeightsError
from hddm_sbi.likelihoods.neural.canonical import Canonical
from hddm_sbi.likelihoods.neural.estimator import FirstPassageEstimator
from hddm_sbi.likelihoods.neural.network import Architecture
from hddm_sbi.ssm.base import SSM
from hddm_sbi.training.flow_loss import balanced_log_prob
from hddm_sbi.training.soap import Soap
from hddm_sbi.training.stream import Batch, SimulationStream, with_reversed_drift


@dataclass(frozen=True)
class TrainingPlan:
    """Everything that, with the model, decides the weights.

    Args:
        stages: for each stage its gradient steps, each on fresh simulations; the learning rate, which follows half a
            cosine down to zero over the stage; and the share of parameter vectors with central drifts (see
            ``SimulationStream``).
        rows: parameter vectors per step.
        trials: trials per parameter vector.
        warmup: steps over which the learning rate of a stage rises linearly to its curve.
        balance: how much more rarer choices count; see ``flow_loss.balanced_log_prob``.
        averaging: decay of the exponential moving average of the weights, which is what is kept.
        seed: of simulations and initial weights.
    """

    stages: tuple[tuple[int, float, float], ...] = ((40_000, 3e-3, 0.5),)
    rows: int = 1024
    trials: int = 32
    warmup: int = 500
    balance: float = 0.5
    averaging: float = 0.999
    seed: int = 0

    @property
    def steps(self) -> int:
        """Gradient steps in all."""
        return sum(steps for steps, *_ in self.stages)

    @property
    def simulations(self) -> int:
        """Trials simulated in all."""
        return self.steps * self.rows * self.trials

    def rate(self, step: int) -> float:
        """Learning rate at a step."""
        step, steps, top, _ = self._stage(step)
        return top * min(1.0, (step + 1) / self.warmup) * 0.5 * (1.0 + math.cos(math.pi * step / steps))

    def central(self, step: int) -> float:
        """Share of parameter vectors with central drifts at a step."""
        return self._stage(step)[-1]

    def _stage(self, step: int) -> tuple[int, int, float, float]:
        """The step within its stage, and the stage; after the plan's end, the end of a stage without learning."""
        for stage in self.stages:
            if step < stage[0]:
                return step, *stage
            step -= stage[0]
        return 1, 1, 0.0, 0.0


class Trainer:
    """Networks, their average and the optimiser: what a step needs and a checkpoint holds.

    Args:
        ssm: the model.
        plan: the training plan.
        architecture: sizes of the networks.
        device: where the networks are; simulations are drawn on the CPU.
    """

    def __init__(
        self, ssm: SSM, plan: TrainingPlan, architecture: Architecture | None = None, device: str = "cpu"
    ) -> None:
        canonical = Canonical.of(ssm)
        self.plan = plan
        self.stream = SimulationStream(ssm, canonical, plan.rows, plan.trials, plan.seed, plan.central)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(plan.seed)
            self.estimator = FirstPassageEstimator(canonical, architecture)
        if canonical.diffusion is None:
            first = self.stream.batch(plan.steps)
            self.estimator.set_time_scale(first.theta[first.row], first.x)
        self.device = device
        self.estimator.to(device)
        self.average = copy.deepcopy(self.estimator)
        self.optimiser = Soap(self.estimator.parameters(), lr=plan.rate(0))
        self.step = 0

    def run(
        self, *, checkpoint: Path | None = None, every: int = 500, report: Callable[[str], None] = print
    ) -> FirstPassageEstimator:
        """Train to the end of the plan, going on from ``checkpoint`` where it exists.

        Args:
            checkpoint: file that is replaced every ``every`` steps.
            every: steps between checkpoints and reports.
            report: receives a line of progress.

        Returns:
            The estimator with averaged weights.
        """
        if checkpoint is not None and checkpoint.exists():
            self._resume(checkpoint)
            report(f"going on from step {self.step}")
        begin, first, total = time.monotonic(), self.step, 0.0
        for step, batch in self.stream.batches(self.step, self.plan.steps):
            total += self._update(step, batch.on(self.device))
            self.step = step + 1
            if self.step % every == 0 or self.step == self.plan.steps:
                seconds = (time.monotonic() - begin) / (self.step - first)
                done = (self.step - 1) % every + 1
                report(f"step {self.step}/{self.plan.steps}  loss {total / done:.5f}  {1e3 * seconds:.0f} ms a step")
                total = 0.0
                if checkpoint is not None:
                    self._save(checkpoint)
        return self.average.eval()

    def _update(self, step: int, batch: Batch) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = self.plan.rate(step)
        loss = -self._log_prob(batch)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        # short memory at first, so that the initial weights are forgotten
        decay = min(self.plan.averaging, (step + 1) / (step + 10))
        with torch.no_grad():
            for kept, new in zip(self.average.parameters(), self.estimator.parameters(), strict=True):
                kept.lerp_(new, 1.0 - decay)
        return loss.item()

    def _log_prob(self, batch: Batch) -> Tensor:
        """What a step increases, per trial."""
        theta, x, row, weight = with_reversed_drift(batch, self.estimator.canonical)
        return balanced_log_prob(self.estimator, theta, x, row, weight, self.plan.balance) / len(batch.x)

    def _save(self, path: Path) -> None:
        state = {
            **self._identity(),
            "step": self.step,
            "estimator": self.estimator.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        partial = path.with_suffix(path.suffix + ".part")
        torch.save(state, partial)
        partial.replace(path)

    def _resume(self, path: Path) -> None:
        state = torch.load(path, weights_only=True, map_location=self.device)
        if any(state.get(key, value) != value for key, value in self._identity().items()):
            raise WeightsError(
                f"'{path}' belongs to another model or another training plan; move it away to start afresh."
            )
        self.step = state["step"]
        self.estimator.load_state_dict(state["estimator"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])

    def _identity(self) -> dict[str, object]:
        """What a checkpoint must have in common with the training that goes on from it."""
        network = {"canonical": self.estimator.canonical, "architecture": self.estimator.architecture}
        return {"model": self.stream.ssm.name, "plan": _as_stored(self.plan), "network": repr(network)}


def _as_stored(plan: TrainingPlan) -> dict[str, object]:
    """The plan as a checkpoint keeps it: lists and numbers."""
    return {**asdict(plan), "stages": [list(stage) for stage in plan.stages]}
