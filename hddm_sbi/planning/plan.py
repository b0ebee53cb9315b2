"""``hs.plan``: how many participants and trials a planned experiment needs."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch.distributions as td

from hddm_sbi.errors import DataError, ModelError
from hddm_sbi.planning.curve import Curve
from hddm_sbi.planning.design import Planned, PlannedDesign
from hddm_sbi.planning.goals import Goal
from hddm_sbi.planning.population import Population, value_of
from hddm_sbi.planning.result import Plan, result
from hddm_sbi.planning.task import PlanTask, Size, check_measure, plan_one
from hddm_sbi.proof.experiment import Settings
from hddm_sbi.proof.recover import processes, rows_of
from hddm_sbi.spec.distributions import in_words
from hddm_sbi.ssm.base import whole
from hddm_sbi.tasks.job import Job
from hddm_sbi.tasks.run import Finished, run

# With fewer fits the probability at the answer is not known to a tenth.
_LEAST = 40
# Sizes are chosen anew after so many fits, or after two for each process.
_ROUND = 20
# More numbers of trials would leave too few fits to each.
_MOST_TRIALS = 8
# Enough is known where the 90% range of what is needed is narrower than this share of it, or lies outside the range.
_NARROW, _SURE = 0.15, 0.01


def plan(
    design: Mapping[str, Any],
    effects: Mapping[str, float | td.Distribution],
    goal: str,
    n_participants: int | Sequence[int],
    n_trials: int | Sequence[int],
    *,
    power: float = 0.8,
    contrast: str | None = None,
    n: int = 200,
    scheduler: Any = None,
    out: str | Path | None = None,
    seed: int = 0,
    draws: int = 400,
    tune: int | Literal["auto"] = "auto",
    chains: int = 2,
    workers: int | None = None,
    progress: bool = True,
) -> Plan:
    """How many participants and trials a planned experiment needs to reach a goal.

    Experiments are simulated and fitted, most of them at sizes about which the outcomes so far leave it open whether
    they are enough, and one curve is fitted to whether each reached the goal.

    Args:
        design: ``within`` and ``between``, factors with their levels, ``{"cond": ["speed", "accuracy"]}``, or with
            relative numbers of trials (of participants), ``{"go": 3, "nogo": 1}``, where ``n_trials`` is multiplied by
            them; ``typical``, the typical participant's values on the natural scale, on average over the cells, else
            those of the priors; ``sd``, standard deviations between people on the scale of the link, ``{"v": 0.5,
            "v_cond": 0.3}``, of levels and of effects (a difference of two levels), else the medians of their priors;
            and options of ``HierarchicalDDM``: ``formula``, ``model``, ``likelihood``, ``deadline``, ... Its ``coding``
            is ``"accuracy"`` unless the design says otherwise.
        effects: contrasts with their true values on the natural scale, ``{"v[cond=a] - v[cond=b]": 0.4}``: the smallest
            effect of interest, or a distribution of what it may be, from which each experiment draws (assurance). None
            has a default, since published effects are inflated.
        goal: ``"interval < 0.3"``, the width of the 95% interval of the contrast; ``"direction > 0.95"``, the
            probability that it has the sign that it truly has; ``"bayes factor > 10"``, or ``"< 0.1"`` for a null
            effect, which needs a prior of yours.
        n_participants: the numbers to choose among: ``range(10, 81)``, a list, or one number.
        n_trials: trials a cell, likewise; 8 numbers at most.
        power: share of experiments that are to reach the goal.
        contrast: that the goal is about; by default the first effect.
        n: number of fits at most, at least 40; fewer where the answer is clear.
        scheduler: None for a process on each core of this machine; the address of a Dask scheduler, or a
            ``distributed.Client``.
        out: folder of the fits; the same call goes on where an interrupted one stopped. None keeps nothing.
        seed: a non-negative integer.
        draws: number of draws kept of each chain, at first.
        tune: number of warm-up draws of each chain, or ``"auto"``.
        chains: number of chains, one after the other.
        workers: number of processes on this machine; None: one per core.
        progress: whether to say how long it will take, and show how far it is.

    Returns:
        ``answers``, ``curve``, ``sentences``, ``fits`` and ``failed``; ``print`` shows it, ``hs.plots.plan`` draws it.

    Raises:
        ModelError: an effect, a goal or an option is none, or ``n`` is too small for what is claimed.
        FormulaError: an effect is of a parameter or factor that the formula does not have.
        DataError: the design has an empty cell, or nothing could be fitted.
        WorkerError: there is nothing that fits can run on.
        OutputError: ``out`` holds the results of another plan, or cannot be written to.

    Example:
        >>> found = plan(
        ...     {"within": {"cond": ["easy", "hard"]}, "formula": "v ~ cond"}, {"v[cond=easy] - v[cond=hard]": 0.4},
        ...     "direction > 0.95", n_participants=range(10, 61), n_trials=[40, 80],
        ... )  # doctest: +SKIP
    """
    planned_design, reached, seed = PlannedDesign.of(design), Goal.of(goal), whole("seed", seed)
    participants, trials = _candidates("n_participants", n_participants, 2), _candidates("n_trials", n_trials, 1)
    _check_claim(n, power, trials)
    population = _population(design, effects)
    asked_of = next(iter(effects)) if contrast is None else contrast
    settings = Settings(draws, tune, chains)
    task = PlanTask(planned_design, population, asked_of, reached, settings, ((participants[0], trials[0]),))
    supposed = _checked(task, participants, trials)
    description = {
        "design": planned_design.as_json, "population": population.as_json, "contrast": asked_of, "goal": reached.words,
        "power": power, "participants": list(participants), "trials": list(trials), "fits": settings.as_json,
    }  # fmt: skip
    rounds = _Rounds(task, participants, trials, power, n, seed, description, scheduler, out, workers, progress)
    curve, finished = rounds.run()
    return result(curve, reached, power, supposed, rows_of(finished), finished.failed)


class _Rounds:
    """The fits, round by round: what is simulated next follows from what is known.

    Sizes of a task follow from the outcomes of the rounds before it. Those that were done keep the size that they had.
    """

    def __init__(
        self, task: PlanTask, participants: Sequence[int], trials: Sequence[int], power: float, n: int, seed: int,
        description: Mapping[str, object], scheduler: Any, out: str | Path | None, workers: int | None, progress: bool,
    ) -> None:  # fmt: skip
        self._task, self._participants, self._trials, self._power = task, participants, trials, power
        self._n, self._seed, self._description = n, seed, description
        self._scheduler, self._out, self._progress = scheduler, out, progress
        self._workers = processes(workers)

    def run(self) -> tuple[Curve, Finished]:
        """Fit until the answer is clear, or ``n`` are done."""
        with tempfile.TemporaryDirectory(prefix="hddm_sbi-", ignore_cleanup_errors=True) as path:
            out = Path(path) / "plan" if self._out is None else Path(self._out)
            sizes = self._curve(pd.DataFrame()).first_sizes(_ROUND)
            self._say_time(sizes)
            while True:
                finished = self._fit(sizes, out)
                curve = self._curve(finished.rows)
                if len(sizes) >= self._n or self._is_clear(curve, len(sizes)):
                    return curve, finished
                number = max(_ROUND, 2 * self._workers, len(sizes) // 2)  # each round starts workers anew
                number = min(number, self._n - len(sizes))
                sizes += curve.next_sizes(self._power, number, np.random.default_rng([self._seed, len(sizes)]))

    def _fit(self, sizes: Sequence[Size], out: Path) -> Finished:
        t = self._task
        task = PlanTask(t.design, t.population, t.contrast, t.goal, t.settings, tuple(sizes))
        job = Job("plan", plan_one, task, len(sizes), self._seed, self._description)
        return run(job, workers=self._workers, scheduler=self._scheduler, out=out, progress=self._progress)

    def _curve(self, rows: pd.DataFrame) -> Curve:
        if rows.empty:  # of failures alone; what they were is said at the end
            sizes, reached = np.zeros((0, 2)), np.zeros(0, dtype=bool)
        else:
            sizes, reached = rows[["participants", "trials"]].to_numpy(float), rows["reached"].to_numpy(bool)
        uncertain = any(isinstance(value, td.Distribution) for value in self._task.population.effects.values())
        steepness = self._task.goal.steepness
        return Curve(self._participants, self._trials, steepness, uncertain, sizes, reached)

    def _is_clear(self, curve: Curve, done: int) -> bool:
        """Whether for every number of trials what is needed is known, or known to lie outside the range."""
        if done < _LEAST:
            return False
        fewest, most = self._participants[0], self._participants[-1]
        for trials in self._trials:
            low, high = curve.needed_band(self._power, trials, (0.05, 0.95))
            needed = curve.needed(self._power, trials)
            outside = min(curve.weights[needed > fewest].sum(), curve.weights[needed <= most].sum()) < _SURE
            if not outside and high - low > max(1.0, _NARROW * low):
                return False
        return True

    def _say_time(self, sizes: Sequence[Size]) -> None:
        """How long it may take, from one fit of a middle size, which also compiles what all of them need."""
        if not self._progress or (self._out is not None and (Path(self._out) / "rows").exists()):
            return
        middle = sorted(sizes, key=lambda size: size[0] * size[1])[len(sizes) // 2]
        t = self._task
        task = PlanTask(t.design, t.population, t.contrast, t.goal, t.settings, (middle,))
        for _ in range(2):  # the first one compiles
            begin = time.perf_counter()
            plan_one(task, 0, np.random.SeedSequence(self._seed))
            seconds = time.perf_counter() - begin
        where = "" if self._scheduler is not None else f" on {self._workers} process{'es' * (self._workers > 1)}"
        total = self._n * seconds / (1 if self._scheduler is not None else self._workers)
        shared = ", divided by the number of workers" if self._scheduler is not None else ""
        print(
            f"plan: at most {self._n} fits of about {seconds:.1f} s{where}: {total / 60.0:.1f} min{shared}.",
            file=sys.stderr, flush=True,
        )  # fmt: skip


def _candidates(name: str, given: object, least: int) -> tuple[int, ...]:
    values = [given] if isinstance(given, int | np.integer) else given
    if isinstance(values, str) or not isinstance(values, Sequence) or not len(values):
        raise ModelError(f"{name} is {given!r:.60}; give a number, a list of numbers, or range(10, 61).")
    return tuple(sorted({whole(name, value, least) for value in values}))


def _check_claim(n: object, power: object, trials: Sequence[int]) -> None:
    if isinstance(n, bool) or not isinstance(n, int) or n < _LEAST:
        raise ModelError(
            f"n is {n!r}, but from fewer than {_LEAST} fits the share of experiments that reach a goal is not known to "
            "10%: give more."
        )
    if isinstance(power, bool) or not isinstance(power, int | float) or not 0.0 < power < 1.0:
        raise ModelError(f"power is {power!r}; give the share of experiments that are to reach the goal, such as 0.8.")
    if len(trials) > _MOST_TRIALS:
        raise ModelError(
            f"n_trials has {len(trials)} numbers, among which {n} fits cannot tell: give at most {_MOST_TRIALS}, such "
            "as [40, 80, 160]."
        )


def _population(design: Mapping[str, Any], effects: object) -> Population:
    if not isinstance(effects, Mapping) or not effects:
        raise ModelError(
            "a plan needs effects, the smallest of interest or distributions of what they may be, as in "
            "{'v[cond=a] - v[cond=b]': 0.4}: there is no default, since published effects are inflated."
        )
    typical, sds = (design.get(name) or {} for name in ("typical", "sd"))
    for what, values in (("effect", effects), ("typical value", typical), ("sd", sds)):
        for name, value in values.items():
            law = isinstance(value, td.Distribution) and what != "sd"
            number = isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value)
            if not (law or number) or (what == "sd" and number and value < 0.0):
                instead = "a number of at least 0" if what == "sd" else "a number or a distribution"
                raise ModelError(f"the {what} of '{name}' is {value!r:.60}; give {instead}.")
    return Population(dict(typical), dict(effects), dict(sds))


def _checked(task: PlanTask, participants: Sequence[int], trials: Sequence[int]) -> dict[str, object]:
    """What the plan rests on, in words, from the smallest experiment.

    Raises:
        HDDMError: the design or an effect does not fit the model.
    """
    planned = Planned.of(task.design, participants[0], trials[0])
    coefficients = task.population.draw(planned, np.random.SeedSequence(0))
    effect = value_of(planned, coefficients, task.contrast)
    check_measure(task, planned, effect)
    spec = planned.experiment.spec
    sds = task.population.sds_of(spec)
    estimated = [p.name for p in spec.reported.parameters if p.fixed is None]
    typical = {name: value_of(planned, coefficients, name) for name in estimated}
    drift = next((name for name, value in typical.items() if name == "v" and value == 0.0), None)
    if drift and drift not in task.population.typical:
        raise DataError(
            "the design has a typical drift of 0, the mean of its prior, at which every response is a guess: state the "
            "one you expect, as in 'typical': {'v': 1.5}."
        )
    effects = {
        name: in_words(v) if isinstance(v, td.Distribution) else f"{v:g}" for name, v in task.population.effects.items()
    }
    return {
        "Supposed effects": ", ".join(f"{name} = {words}" for name, words in effects.items()),
        "Typical values": ", ".join(f"{name} {value:.3g}" for name, value in typical.items()),
        "Standard deviations between people, on the scale of the link": (
            ", ".join(f"{name} {value:.2g}" for name, value in sds.items()) or "none"
        ) + ("" if set(sds) <= set(task.population.sds) else " (where they are not yours, the medians of the priors)"),
    }  # fmt: skip
