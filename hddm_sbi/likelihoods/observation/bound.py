"""A likelihood bound to its trials: log densities trial by trial, their sum with its gradient, and simulated trials."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

import numpy as np

from hddm_sbi.likelihoods.base import ANY, Density, FloatArray, IntArray
from hddm_sbi.likelihoods.driver.compiled_sum import CompiledSum
from hddm_sbi.likelihoods.driver.driver import compiled_sum
from hddm_sbi.likelihoods.driver.event_arrays import Shape
from hddm_sbi.likelihoods.driver.piece import Compiled
from hddm_sbi.likelihoods.events import DENSITY, Distinct, Events, Part, as_they_are, distinct
from hddm_sbi.likelihoods.observation.given import GivenDensity
from hddm_sbi.likelihoods.observation.lapses import Lapses
from hddm_sbi.likelihoods.observation.mixing import mix_events
from hddm_sbi.likelihoods.observation.outcomes import events_of, seen
from hddm_sbi.likelihoods.observation.seen import UNSEEN, BoolArray, SeenTrials

# (theta of shape (trials, parameters), seed, the trials) -> rt and choice, each of shape (trials,)
TrialSimulator = Callable[[FloatArray, int, SeenTrials], tuple[FloatArray, IntArray]]

# Rounds in which trials are simulated until they are ones that stay in truncated data, and how many are simulated at
# once of those that are left: a trial with a probability of 0.001 to stay is found but for one in 10^4.
_ROUNDS, _AT_ONCE = 150, 64


class _Evaluated(NamedTuple):
    """Log probabilities of distinct events, (events,), and their derivatives by the event's theta, or None."""

    log: FloatArray
    grad: FloatArray | None


class BoundTrials:
    """A density, with lapses or without, on what was seen of given trials.

    Args:
        density: the density of the process.
        lapses: the lapses that are mixed into it, or None; their parameters are the last columns of theta.
        trials: what was seen of each trial.
        simulator: draws one response of the process for each trial; None where none are simulated.
    """

    def __init__(
        self, density: Density, lapses: Lapses | None, trials: SeenTrials, simulator: TrialSimulator | None
    ) -> None:
        self.density = density.on(trials) if isinstance(density, GivenDensity) else density
        self.lapses, self.trials = lapses, trials
        self.simulator = density.simulate if isinstance(density, GivenDensity) else simulator
        self._k = len(density.parameters)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of theta's columns: the process's parameters, then those of the lapses."""
        return (*self.density.parameters, *(() if self.lapses is None else self.lapses.parameters))

    def on(self, trials: SeenTrials) -> BoundTrials:
        """The same likelihood of other trials."""
        return BoundTrials(self.density, self.lapses, trials, self.simulator)

    def showing(self, rt: FloatArray, choice: IntArray) -> BoundTrials:
        """The same likelihood of trials that show this rt and choice; itself where they do already."""
        mine = self.trials
        if np.array_equal(rt, mine.rt, equal_nan=True) and np.array_equal(choice, mine.choice):
            return self
        return self.on(mine.showing(rt, choice))

    @cached_property
    def events(self) -> tuple[Distinct, ...]:
        """What was seen, equal events once."""
        # a likelihood of the user's own may depend on the order of the trials
        merge = as_they_are if isinstance(self.density, GivenDensity) else distinct
        return tuple(merge(events) for events in events_of(self.trials, self.density.n_choices, self.lapses))

    def log_prob(self, theta: FloatArray) -> FloatArray:
        """Log probability of what was seen of each trial, shape (trials,), never NaN; theta (rows, columns)."""
        out = np.zeros(self.trials.n)
        for kind in self.events:
            self._add(out, kind, self._evaluate(kind.events, theta, False).log)
        return out

    def log_prob_grad(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The same (trials,), and its derivatives by the trial's own theta (trials, columns), zero where it is -inf."""
        out, grad = np.zeros(self.trials.n), np.zeros((self.trials.n, theta.shape[1]))
        for kind in self.events:
            log, by_theta = self._evaluate(kind.events, theta, True)
            assert by_theta is not None
            self._add(out, kind, log)
            grad[kind.trial] += kind.events.sign * by_theta[kind.inverse]
        grad[out == -np.inf] = 0.0
        return out, grad

    def sum_grad(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """The sum over all trials, and its derivatives by theta, (rows, columns).

        Where a trial is impossible the sum is -inf, and the derivatives have no meaning.
        """
        theta = np.ascontiguousarray(theta, dtype=np.float64)
        if isinstance(self.density, GivenDensity) and self._bare:
            value, gradient = self.density.bound.sum_grad(theta)
            return float(value), np.asarray(gradient, np.float64)
        by_theta = np.zeros_like(theta)
        native = self._native
        if native is not None:
            return native(0, theta, by_theta), by_theta
        total, possible = 0.0, True
        for kind in self.events:
            log, grad = self._evaluate(kind.events, theta, True)
            assert grad is not None
            possible = possible and bool((log > -np.inf).all())
            weight = kind.events.sign * kind.number
            total += float(weight @ np.where(log > -np.inf, log, 0.0))
            np.add.at(by_theta, kind.events.row, grad * weight[:, np.newaxis])
        return (total if possible else -np.inf), by_theta

    def compiled(self, slots: int) -> CompiledSum | None:
        """The same as a C function that so many threads may call at a time; None where the density is not compiled."""
        if isinstance(self.density, GivenDensity) and self._bare:
            compiled = getattr(self.density.bound, "compiled", None)
            return None if compiled is None else compiled(slots)
        if not isinstance(self.density, Compiled):
            return None
        columns = self._k + (0 if self.lapses is None else len(self.lapses.parameters))
        shape = Shape(self.trials.n_rows, columns, *self._columns)
        return compiled_sum(self.density, self.density.n_choices, self.events, shape, slots)

    def log_mass(self, theta: FloatArray, choice: int | None, t1: FloatArray, t2: FloatArray) -> FloatArray:
        """Log probability of the process's responses between two times, without lapses, shape (trials,).

        Args:
            theta: parameters on their natural scales, shape (rows, columns).
            choice: option index; None stands for any of the options.
            t1, t2: ends of each trial's interval in seconds, shape (trials,).
        """
        options = np.full(self.trials.n, ANY if choice is None else choice)
        t1, t2 = (np.ascontiguousarray(np.broadcast_to(t, self.trials.n), np.float64) for t in (t1, t2))
        return self.density.log_mass(options, t1, t2, self._process(theta), self.trials.row)

    def simulate(self, theta: FloatArray, seed: int | np.random.SeedSequence) -> tuple[FloatArray, IntArray]:
        """One experiment, seen as the observed one was.

        Args:
            theta: parameters on their natural scales, shape (rows, columns).
            seed: a non-negative integer; the same seed gives the same trials.

        Returns:
            rt in seconds, NaN where none is seen, and choice, -1 where none is seen, each of shape (trials,). Where
            theta lies outside the model's supports, the process practically never responds, or hardly any trial would
            stay in truncated data, nothing is seen.
        """
        seed = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
        by_trial = np.ascontiguousarray(theta[self.trials.row])
        rt, choice = np.full(self.trials.n, np.nan), np.full(self.trials.n, UNSEEN)
        left, copies = np.arange(self.trials.n), 1
        for _ in range(_ROUNDS):
            at = np.repeat(left, copies)
            times, options, stays = (
                each.reshape(-1, copies) for each in self._simulated(by_trial[at], self.trials.at(at), seed)
            )
            found, first = stays.any(axis=1), stays.argmax(axis=1)
            rt[left[found]] = times[found, first[found]]
            choice[left[found]] = options[found, first[found]]
            left, seed, copies = left[~found], seed.spawn(1)[0], _AT_ONCE
            if not len(left):
                break
        return rt, choice

    def _simulated(
        self, theta: FloatArray, trials: SeenTrials, seed: np.random.SeedSequence
    ) -> tuple[FloatArray, IntArray, BoolArray]:
        """rt, choice and whether each trial stays in the data, for theta (trials, columns)."""
        assert self.simulator is not None
        of_process, of_lapses = seed.spawn(2)
        number = int(of_process.generate_state(1, np.uint32)[0])
        rt, choice = self.simulator(np.ascontiguousarray(theta[:, : self._k]), number, trials)
        impossible = np.isnan(rt)
        if self.lapses is not None:
            self.lapses.replace(rt, choice, theta, trials, self.density.n_choices, np.random.default_rng(of_lapses))
        impossible &= np.isnan(rt)
        stays = seen(rt, choice, trials)
        return rt, choice, stays | impossible

    @property
    def _bare(self) -> bool:
        """Whether there is nothing between the process and the data."""
        trials = self.trials
        return self.lapses is None and not trials.truncated and bool((trials.rt_seen & trials.choice_seen).all())

    @property
    def _columns(self) -> tuple[int, int]:
        """Columns of p and q, -1 without."""
        if self.lapses is None:
            return -1, -1
        return self._k, self._k + 1 if self.lapses.omissions else -1

    @cached_property
    def _native(self) -> CompiledSum | None:
        return self.compiled(1)

    def _process(self, theta: FloatArray) -> FloatArray:
        return np.ascontiguousarray(theta[:, : self._k], dtype=np.float64)

    @staticmethod
    def _add(out: FloatArray, kind: Distinct, log: FloatArray) -> None:
        """Add or subtract log probabilities; of a trial that is impossible and never kept, the first counts."""
        at, events = kind.trial, kind.events
        if events.sign > 0:
            out[at] += log[kind.inverse]
        else:
            known = out[at] > -np.inf
            out[at[known]] -= log[kind.inverse][known]

    def _evaluate(self, events: Events, theta: FloatArray, with_grad: bool) -> _Evaluated:
        process, n = self._process(theta), len(events.trial)
        logs, grads = [], []
        for part in events.parts:
            log, grad = self._part(part, process, events, with_grad)
            logs.append(log)
            grads.append(grad)
        log_m, grad_m = _union(logs, grads)
        if self.lapses is None:
            return _Evaluated(log_m, grad_m)
        p_at, q_at = self._columns
        p, q = theta[:, p_at].copy(), theta[:, q_at].copy() if q_at >= 0 else np.zeros(len(theta))
        out, share, by_p, by_q = (np.empty(n) for _ in range(4))
        mix_events(log_m, events.lapse, events.never, p, q, events.row, out, share, by_p, by_q)
        if grad_m is None:
            return _Evaluated(out, None)
        columns = [share[:, np.newaxis] * grad_m, by_p[:, np.newaxis]]
        return _Evaluated(out, np.hstack(columns if q_at < 0 else [*columns, by_q[:, np.newaxis]]))

    def _part(
        self, part: Part, theta: FloatArray, events: Events, with_grad: bool
    ) -> tuple[FloatArray, FloatArray | None]:
        density, row = self.density, events.row
        if isinstance(density, GivenDensity):
            density = density.at(events.trial)
        if part.kind == DENSITY:
            arguments = (part.t1, part.choice, theta, row)
            return density.log_prob_grad(*arguments) if with_grad else (density.log_prob(*arguments), None)
        times = (part.choice, part.t1, part.t2, theta, row)
        return density.log_mass_grad(*times) if with_grad else (density.log_mass(*times), None)


def _union(logs: list[FloatArray], grads: list[FloatArray | None]) -> tuple[FloatArray, FloatArray | None]:
    """Logarithm of the sum of disjoint parts, and its gradient."""
    if len(logs) == 1:
        return logs[0], grads[0]
    total = np.logaddexp.reduce(logs)
    if grads[0] is None:
        return total, None
    with np.errstate(invalid="ignore"):
        shares = [np.where(total > -np.inf, np.exp(log - total), 0.0) for log in logs]
    gradient = np.zeros_like(grads[0])
    for share, grad in zip(shares, grads, strict=True):
        assert grad is not None
        gradient += share[:, np.newaxis] * grad
    return total, gradient
