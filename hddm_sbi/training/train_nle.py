"""``train_nle``: from a simulator to a checked network, with checkpoints, progress and a card."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.base import Density
from hddm_sbi.likelihoods.formulas import find_exact
from hddm_sbi.likelihoods.neural.estimator import FirstPassageEstimator
from hddm_sbi.likelihoods.neural.likelihood import FirstPassageLikelihood
from hddm_sbi.likelihoods.neural.network import Architecture
from hddm_sbi.ssm.base import SSM
from hddm_sbi.ssm.checks.check_symmetries import check_reproducible, check_symmetries, with_shift_found
from hddm_sbi.ssm.checks.check_trials import checked
from hddm_sbi.ssm.registry import is_registered
from hddm_sbi.ssm.simulation.trial_simulator import TrialSimulator
from hddm_sbi.training.budget import plan_for
from hddm_sbi.training.calibration import calibration
from hddm_sbi.training.card import birth
from hddm_sbi.training.draw import Box
from hddm_sbi.training.files import Files
from hddm_sbi.training.held_out import HeldOut
from hddm_sbi.training.supplied import Parameters, Supplied, as_ssm, with_box
from hddm_sbi.training.train import Trainer, TrainingPlan
from hddm_sbi.training.training_progress import TrainingProgress
from hddm_sbi.training.validate import density_accuracy

# Reports and checkpoints of a training: a kill costs a half of a percent of it at most.
_REPORTS = 200
# At least this many steps lie between two: a checkpoint and the held-out loss take as long as two or three steps.
_STEPS_BETWEEN = 25
# Shares of the budget spent beside training, and their limits.
_HELD_OUT = (0.02, 1_000, 16_384)
_VALIDATION = (0.1, 50_000, 1_000_000)
_CHECKS = (0.001, 500, 4_000)
# Parameter vectors at which the network is compared with simulations.
_POINTS = 200
# Distance of probabilities beyond chance: a choice share of .5 off by this is two standard errors off at 2,500 trials.
_ROUGH = 0.02
# More threads wait for one another at these sizes; half of the cores are left to the simulator.
_MOST_THREADS = 4


def train_nle(
    model: Supplied,
    parameters: Parameters | None = None,
    *,
    n_choices: int | None = None,
    simulations: float = 10_000_000,
    box: Box | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    force: bool = False,
    checkpoint: str | Path | None = None,
    resume: bool = True,
    plan: TrainingPlan | None = None,
    architecture: Architecture | None = None,
    device: str = "auto",
    validate: bool = True,
    progress: bool | Callable[[str], None] = True,
    facts: Mapping[str, Any] | None = None,
) -> FirstPassageEstimator:
    """Train a network of the density of (rt, choice) given theta, from simulations alone.

    Simulations stream while the network learns, each is used once. A simulator is checked first: what it returns, that
    the seed decides it, and that it keeps the symmetries that the model declares; where a parameter turns out to be
    added to every response time and nothing is declared, the network has that built in.

    Args:
        model: a name from ``list_models()``, an ``SSM``, or a simulator ``(theta (rows, parameters), n, seed) -> (rt,
            choice)``, each (rows, n).
        parameters: what a bare simulator takes: ``Parameter`` objects, or ranges by name, ``{"v": (-3, 3), "a":
            (0.5, 2)}``, where a range with negative numbers means any real number and another a positive one.
        n_choices: number of response options of a bare simulator or a race of accumulators; None means two.
        simulations: number of trials to train on. A million gives a first network, a hundred million a
            good one.
        box: ranges to train on, by parameter name, in place of the model's own.
        seed: a non-negative integer; the same seed gives the same simulations, initial weights and network.
        out: file for the weights, ``NAME.safetensors``, with a card ``NAME.json`` beside it.
        force: whether to overwrite ``out`` and its card.
        checkpoint: file that keeps an unfinished training, and is removed at its end; default ``NAME.training`` beside
            ``out``.
        resume: go on from the checkpoint, if there is one; False starts afresh, and replaces it in time.
        plan: the training plan, in place of the one that ``simulations`` and ``seed`` give.
        architecture: numbers of layers and units of the networks; None takes the defaults.
        device: ``"auto"`` (a GPU if there is one), ``"cpu"``, ``"cuda"``, ...
        validate: at the end, compare the network with a large independent simulation, and with the exact density where
            there is one; the result goes into the card.
        progress: show how far the training is; a function receives that as lines, one for each checkpoint.
        facts: further entries for the card, by name.

    Returns:
        The trained estimator: a sbi ``ConditionalDensityEstimator``, to be given to ``HierarchicalDDM(...,
        likelihood=...)`` or ``SBItoPyro``. Its attribute ``card`` holds what the file beside the weights does.

    Raises:
        ModelError: a model or simulator that does not do what it should; names it and what is wrong.
        OutputError: ``out`` or its card exists, or a file cannot be written.
        WeightsError: the checkpoint belongs to another training, or is no checkpoint at all.

    Example:
        >>> estimator = train_nle("ddm", simulations=10_000, validate=False, progress=False)
        >>> estimator.input_shape, estimator.condition_shape
        (torch.Size([2]), torch.Size([4]))
    """
    ssm = with_box(as_ssm(model, parameters, n_choices), box)
    plan = plan_for(simulations, seed) if plan is None else plan
    where, files = _device(device), Files.of(out, checkpoint, force=force, resume=resume)
    with TrainingProgress(plan.simulations, progress) as shown:
        exact = exact_of(ssm)
        if not is_registered(ssm):
            ssm = _tried(ssm, plan, shown)
        run = _Run(ssm, plan, architecture, where, files, shown)
        with run.interruptible():
            estimator, seconds = run.train()
            card = {**birth(ssm, plan, seconds, run.device), **(facts or {}), "held_out": run.held_out_facts}
            if validate:
                card |= assess(ssm, estimator, exact, _part(_VALIDATION, plan), shown)
    estimator.card = files.store(estimator, card)
    return estimator


def assess(
    ssm: SSM, estimator: FirstPassageEstimator, exact: Density | None, simulations: int, shown: TrainingProgress
) -> dict[str, Any]:
    """Measure a trained network: ``validation`` against simulations, ``accuracy`` against the exact density if any."""
    found: dict[str, Any] = {"validation": calibration(ssm, estimator, points=_POINTS, trials=simulations // _POINTS)}
    shown.say(_in_words(found["validation"]))
    if is_rough(found["validation"]):
        shown.say("This is too rough for inference: train on more simulations, or on a narrower box.")
    if exact is not None:
        density = density_accuracy(ssm, FirstPassageLikelihood(estimator), exact, draws=simulations)
        found["accuracy"] = {"reference": "exact first-passage density", "density": density}
        mean, most, kl = (density[name] for name in ("mean_abs_error", "p95_abs_error", "kl"))
        shown.say(f"log p is off by {mean:.4f} on average, {most:.4f} at the 95th percentile; KL {kl:.2g} per trial")
    return found


def is_rough(validation: Mapping[str, Any]) -> bool:
    """Whether a network's probabilities are so far from simulated ones that posteriors would be wrong to the eye."""
    distance, choice = validation["kolmogorov"], validation["choice_probability"]
    return bool(max(distance["median"] - distance["median_by_chance"], choice["rms_error"]) > _ROUGH)


def exact_of(ssm: SSM) -> Density | None:
    """The exact likelihood of a model from the registry, if it has one."""
    return find_exact(ssm)


class _Run:
    """One training, with its held-out simulations, checkpoint and progress."""

    def __init__(
        self, ssm: SSM, plan: TrainingPlan, architecture: Architecture | None, device: str, files: Files,
        shown: TrainingProgress,
    ) -> None:  # fmt: skip
        self.ssm, self.plan, self.device, self.files, self.shown = ssm, plan, device, files, shown
        self.trainer = Trainer(ssm, plan, architecture, device)
        self.held_out = HeldOut(self.trainer.stream, _part(_HELD_OUT, plan))
        self._batch = plan.rows * plan.trials
        self.loss = float("nan")

    @property
    def held_out_facts(self) -> dict[str, float]:
        """For the card."""
        return {"simulations": self.held_out.simulations, "loss": self.loss}

    def train(self) -> tuple[FirstPassageEstimator, float]:
        """The trained estimator, on the CPU, and the seconds it took, before an interruption and after."""
        trainer, checkpoint = self.trainer, self.files.checkpoint
        every = max(_STEPS_BETWEEN, self.plan.steps // _REPORTS)
        self.shown.say(_header(self.ssm, self.plan, self.device))
        if checkpoint is not None and self.files.going_on:
            trainer.resume(checkpoint)
            self.shown.say(f"going on from '{checkpoint}', {trainer.step} of {self.plan.steps} steps")
        self.shown.begin(trainer.step * self._batch)
        with _torch_threads():
            estimator = trainer.run(checkpoint=checkpoint, every=every, report=self._report).to("cpu")
        self.loss = self.held_out.loss(estimator)
        return estimator, trainer.seconds

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Where Ctrl-C is pressed, the error notes how to go on."""
        try:
            yield
        except KeyboardInterrupt as interrupt:
            if self.trainer.kept is not None:
                interrupt.add_note(
                    f"The training is kept in '{self.files.checkpoint}'; the same call with resume=True, the default, "
                    "goes on from there."
                )
            raise

    def _report(self, line: str) -> None:
        """The trainer has gone some steps further."""
        step, loss = self.trainer.step, self.held_out.loss(self.trainer.average)
        if loss != loss:
            raise ModelError(
                f"the training of '{self.ssm.name}' diverged: the held-out loss is not a number after {step} steps; "
                "look at what the simulator returns at the ends of the training box, or narrow that."
            )
        self.shown.update(step * self._batch, loss, line)


def _tried(ssm: SSM, plan: TrainingPlan, shown: TrainingProgress) -> SSM:
    """The model with a checked simulator, after a trial of what it returns and declares."""
    ssm = checked(ssm)
    trials = _part(_CHECKS, plan)
    check_reproducible(ssm)
    check_symmetries(ssm, trials)
    found = with_shift_found(ssm)
    if found is not ssm:
        name = found.symmetries.shift
        shown.say(f"'{name}' is added to every response time: built in (declare it by Symmetries(shift='{name}'))")
    return found


def _part(rule: tuple[float, int, int], plan: TrainingPlan) -> int:
    """A share of the budget, between a least and a largest number of simulations."""
    share, least, largest = rule
    return min(largest, max(least, round(share * plan.simulations)))


def _device(device: str) -> str:
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ModelError(f"the device '{device}' cannot be used here; give 'auto', 'cpu' or 'cuda'.") from error
    return device


@contextmanager
def _torch_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(max(1, min(before, _MOST_THREADS, (os.cpu_count() or 1) // 2)))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _header(ssm: SSM, plan: TrainingPlan, device: str) -> str:
    box = ", ".join(f"{p.name} {p.box[0]:g} to {p.box[1]:g}" for p in ssm.parameters)
    return (
        f"'{ssm.name}' ({box}): {plan.simulations:,} simulations in {plan.steps:,} steps, network on {device}"
        f"{_simulated(ssm.simulator)}"
    )


def _simulated(simulator: Callable[..., Any]) -> str:
    """A remark where the simulator keeps to one core."""
    inner = getattr(simulator, "of", simulator)
    if isinstance(inner, TrialSimulator) and not inner.compiled and not inner.vectorised:
        return "; the trial function is Python and runs on one core: decorated with numba.njit it runs on all"
    return ""


def _in_words(found: Mapping[str, Any]) -> str:
    distance, choice = found["kolmogorov"], found["choice_probability"]
    return (
        f"{found['simulations']:,} independent simulations: log density {found['log_density']:.4f} "
        f"({found['log_density_se']:.4f}); distributions differ by {distance['median']:.4f} (median over parameters; "
        f"{distance['median_by_chance']:.4f} by chance alone), choice probabilities by {choice['rms_error']:.4f}"
    )
