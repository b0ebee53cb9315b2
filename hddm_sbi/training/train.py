"""Trains a first-passage estimator on a stream of fresh simulations."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hddm_sbi.errors import ModelError, WeightsError
from hddm_sbi.likelihoods.neural.canonical import Canonical
from hddm_sbi.likelihoods.neural.estimator import FirstPassageEstimator
from hddm_sbi.likelihoods.neural.network import Architecture
from hddm_sbi.ssm.base import SSM, whole
from hddm_sbi.training.flow_loss import balanced_log_prob
from hddm_sbi.training.soap import Soap
from hddm_sbi.training.state import read_state, write_state
from hddm_sbi.training.stream import Batch, SimulationStream, with_reversed_drift

# Parameter vectors whose simulations tell one simulator from another.
_RECOGNISED = 32


@dataclass(frozen=True)
class TrainingPlan:
    """Everything that, with the model, decides the weights.

    Args:
        stages: for each stage its gradient steps, each on fresh simulations; the learning rate, which follows half a
            cosine down to zero over the stage; and the share of parameter vectors with central drifts (see
            ``SimulationStream``).
        rows: number of parameter vectors in a step.
        trials: number of trials for each parameter vector.
        warmup: steps over which the learning rate of a stage rises linearly to its curve.
        balance: how much more rarer choices count; see ``flow_loss.balanced_log_prob``.
        averaging: decay of the exponential moving average of the weights, which is what is kept.
        seed: the seed of simulations and initial weights, a non-negative integer.
    """

    stages: tuple[tuple[int, float, float], ...] = ((40_000, 3e-3, 0.5),)
    rows: int = 1024
    trials: int = 32
    warmup: int = 500
    balance: float = 0.5
    averaging: float = 0.999
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse a plan by which nothing can be trained.

        Raises:
            ModelError: naming the field and its value.
        """
        object.__setattr__(self, "stages", _checked_stages(self.stages))
        for name, least in (("rows", 1), ("trials", 1), ("warmup", 1), ("seed", 0)):
            object.__setattr__(self, name, whole(name, getattr(self, name), least))
        for name, top in (("balance", 1.0), ("averaging", math.nextafter(1.0, 0.0))):
            value = getattr(self, name)
            if isinstance(value, bool) or not (isinstance(value, int | float) and 0.0 <= value <= top):
                below = "1" if top == 1.0 else "below 1"
                raise ModelError(f"{name} is {value!r:.80}; it must be a number from 0 to {below}.")
            object.__setattr__(self, name, float(value))

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
        architecture: numbers of layers and units of the networks; None takes the defaults.
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
        self._trials = _some_trials(self.stream, plan.steps)
        self.device = device
        self.estimator.to(device)
        self.average = copy.deepcopy(self.estimator)
        self.optimiser = Soap(self.estimator.parameters(), lr=plan.rate(0))
        self.step, self.seconds = 0, 0.0
        # the step of the last checkpoint of this training
        self.kept: int | None = None

    def run(
        self, *, checkpoint: Path | None = None, every: int = 500, report: Callable[[str], None] = print
    ) -> FirstPassageEstimator:
        """Train to the end of the plan.

        Args:
            checkpoint: file that is replaced every ``every`` steps, whatever it holds; see ``resume``.
            every: number of steps between checkpoints, and between reports.
            report: function that is called with a line of progress.

        Returns:
            The estimator with averaged weights.

        Raises:
            OutputError: the checkpoint cannot be written.
        """
        begin, first, total = time.monotonic() - self.seconds, self.step, 0.0
        spent = self.seconds
        for step, batch in self.stream.batches(self.step, self.plan.steps):
            total += self._update(step, batch.on(self.device))
            self.step = step + 1
            if self.step % every == 0 or self.step == self.plan.steps:
                self.seconds = time.monotonic() - begin
                seconds = (self.seconds - spent) / (self.step - first)
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
        if not all(bool(torch.isfinite(p.grad).all()) for p in self.estimator.parameters() if p.grad is not None):
            # a step would make every weight NaN, for good
            raise ModelError(
                f"the gradient of step {step + 1} is not finite: a simulated response time or parameter is too extreme "
                "for this network; narrow the training box."
            )
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

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint of the same training.

        Raises:
            WeightsError: it is of another one, or none at all.
        """
        state = read_state(path, self.device)
        trials = state.get("trials")
        same = all(state.get(key) == value for key, value in self._identity.items())
        if not (same and _alike(None if trials is None else trials.cpu(), self._trials)):
            raise WeightsError(
                f"'{path}' belongs to another model, simulator or training plan; move it away to start afresh."
            )
        self.step = self.kept = state["step"]
        self.seconds = state["seconds"]
        self.estimator.load_state_dict(state["estimator"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])

    def _save(self, path: Path) -> None:
        state = {
            **self._identity,
            "trials": self._trials,
            "seconds": self.seconds,
            "step": self.step,
            "estimator": self.estimator.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        write_state(path, state)
        self.kept = self.step

    @property
    def _identity(self) -> dict[str, object]:
        """What a checkpoint must have in common with the training that goes on from it, beside ``_trials``."""
        network = {"canonical": self.estimator.canonical, "architecture": self.estimator.architecture}
        return {"model": self.stream.ssm.name, "plan": _as_stored(self.plan), "network": repr(network)}


def _some_trials(stream: SimulationStream, step: int) -> Tensor | None:
    """A few simulations, by which a simulator is recognised; None where its seed does not decide them."""
    few = replace(stream, rows=_RECOGNISED, trials=2)
    trials, again = few.batch(step).x, few.batch(step).x
    return trials if torch.equal(trials, again) else None


def _alike(trials: Tensor | None, others: Tensor | None) -> bool:
    """Whether simulations are the same but for rounding, which differs between machines."""
    if trials is None or others is None:
        return trials is others
    return trials.shape == others.shape and torch.allclose(trials, others, rtol=1e-3)


def _checked_stages(given: Any) -> tuple[tuple[int, float, float], ...]:
    try:
        stages = [(steps, float(rate), float(central)) for steps, rate, central in given]
    except (TypeError, ValueError):
        stages = []
    if not stages:
        raise ModelError(
            f"stages is {given!r:.80}; give steps, learning rate and share of central drifts for each of one or more, "
            "such as ((2000, 0.003, 0.5),)."
        )
    for _, rate, central in stages:
        if not (0.0 < rate < math.inf and 0.0 <= central <= 1.0):
            raise ModelError(
                f"a stage has the learning rate {rate:g} and the share of central drifts {central:g}; they must be "
                "above 0, and from 0 to 1."
            )
    return tuple((whole("the number of steps of a stage", steps, 1), rate, central) for steps, rate, central in stages)


def _as_stored(plan: TrainingPlan) -> dict[str, object]:
    """The plan as a checkpoint keeps it: lists and numbers."""
    return {**asdict(plan), "stages": [list(stage) for stage in plan.stages]}
