"""Fresh simulations, step after step: every batch is drawn once, used once and reproducible from (seed, step)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from hddm_sbi.likelihoods.neural.canonical import Canonical
from hddm_sbi.ssm.base import SSM, FloatArray
from hddm_sbi.training.draw import draw_within, effort_at

# The proposal reaches this fraction of the box's width beyond it (on the link scale), so that the edges of the box are
# learned from both sides.
_OVERHANG = 0.05
# Share of parameter vectors at which a parameter has the value that makes the model a simpler one.
_NESTED = 0.04
# Trials of a smaller weight teach nothing.
_NOTHING = 1e-6


@dataclass(frozen=True)
class Batch:
    """Simulations of one step.

    Args:
        theta: (rows, parameters), in canonical form: unit length scale, no shift, where the model has these symmetries.
        x: rt and choice of each trial, (rows * trials, 2).
        row: row of theta for each trial.
        log_ratio: log density of each path relative to that with the drift reversed, where the simulator tells it.
    """

    theta: Tensor
    x: Tensor
    row: Tensor
    log_ratio: Tensor | None = None

    def on(self, device: str) -> Batch:
        """The same batch on another device."""
        if device == "cpu":
            return self
        ratio = None if self.log_ratio is None else self.log_ratio.float().to(device)  # not all know float64
        return Batch(self.theta.to(device), self.x.to(device), self.row.to(device), ratio)


@dataclass(frozen=True)
class SimulationStream:
    """Simulations of a model at parameters drawn uniformly from its (slightly widened) training box.

    Args:
        ssm: the model.
        canonical: the model's symmetries; simulations run in canonical form, which float32 resolves at any shift.
        rows: number of parameter vectors in a step.
        trials: number of trials for each parameter vector.
        seed: a non-negative integer.
        central: for a step, the share of parameter vectors whose unbounded parameters (drifts) come from the middle
            quarter of their range: where choices are uncertain a network has most to learn, and experiments lie there.
    """

    ssm: SSM
    canonical: Canonical
    rows: int
    trials: int
    seed: int
    central: Callable[[int], float] = lambda step: 0.0

    def batch(self, step: int) -> Batch:
        """The simulations of one step."""
        draw_seed, trial_seed = np.random.SeedSequence([self.seed, step]).spawn(2)
        theta = self._draw(np.random.default_rng(draw_seed), self.central(step))
        simulator, seed, log_ratio = self.ssm.ratio_simulator, int(trial_seed.generate_state(1)[0]), None
        if simulator is None:
            rt, choice = self.ssm.simulator(theta, self.trials, seed)
        else:
            rt, choice, ratio = simulator(theta, self.trials, seed)
            log_ratio = torch.from_numpy(ratio.reshape(-1))
        x = np.stack([rt.reshape(-1), choice.reshape(-1)], -1).astype(np.float32)
        row = torch.arange(self.rows).repeat_interleave(self.trials)
        return Batch(torch.from_numpy(theta.astype(np.float32)), torch.from_numpy(x), row, log_ratio)

    def batches(self, start: int, stop: int) -> Iterator[tuple[int, Batch]]:
        """Steps start ... stop - 1; the next one is simulated while the caller works on the last."""
        with ThreadPoolExecutor(1) as pool:
            ahead = pool.submit(self.batch, start)
            for step in range(start, stop):
                batch = ahead.result()
                if step + 1 < stop:
                    ahead = pool.submit(self.batch, step + 1)
                yield step, batch

    def _draw(self, rng: np.random.Generator, central: float) -> FloatArray:
        canonical = self.canonical
        sides = zip(canonical.box, canonical.supports, canonical.ends, strict=True)
        edges = np.array([_widen(*box, support, ends) for box, support, ends in sides])
        low, high = np.array([parameter.support for parameter in self.ssm.parameters]).T
        edges = edges.clip(low[:, None], high[:, None])
        theta = draw_within(self.ssm, self.rows, rng, edges)
        rows = slice(0, round(central * self.rows))
        theta[rows] = self._central(theta[rows], edges)
        for k, parameter in enumerate(self.ssm.parameters):
            if parameter.nested_in_box is not None:
                theta[rng.uniform(size=self.rows) < _NESTED, k] = parameter.nested_in_box
        theta = self.ssm.in_room(theta)
        _to_unit_scale(theta, canonical)
        theta[:, [k for k in (canonical.shift, canonical.window) if k is not None]] = 0.0
        return theta

    def _central(self, theta: FloatArray, edges: FloatArray) -> FloatArray:
        """The vectors with unbounded parameters nearer to the middle, where that takes no longer to simulate."""
        unbounded = np.array([support == "real" for support in self.canonical.supports])
        middle, moved = edges.mean(axis=1)[unbounded], theta.copy()
        moved[:, unbounded] = middle + 0.25 * (moved[:, unbounded] - middle)
        no_longer = effort_at(self.ssm, moved) <= effort_at(self.ssm, theta)
        return np.where(no_longer[:, None], moved, theta)


def with_reversed_drift(batch: Batch, canonical: Canonical) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    r"""A batch in which every trial stands for its own drift and for the reversed one: theta, x, row and weights.

    Let f and g be the densities of a path under both drifts. With as many trials simulated under each, the sum of
    f / (f + g) times a function over all of them has the expectation that its sum over those of f has, but not its
    variance where f is rare (the balance heuristic: Veach & Guibas 1995). Trials that weigh nothing are left out.
    """
    n = len(batch.x)
    if batch.log_ratio is None or canonical.diffusion is None:
        return batch.theta, batch.x, batch.row, torch.ones(n, device=batch.x.device)
    other = batch.theta.clone()
    other[:, canonical.diffusion[0]] *= -1.0
    weight = torch.cat([torch.sigmoid(batch.log_ratio), torch.sigmoid(-batch.log_ratio)]).float()
    some = weight > _NOTHING
    row = torch.cat([batch.row, batch.row + len(batch.theta)])
    return torch.cat([batch.theta, other]), batch.x.repeat(2, 1)[some], row[some], weight[some]


def _to_unit_scale(theta: FloatArray, canonical: Canonical) -> None:
    """Replace parameters, in place, by those of the same process with length scale 1."""
    if canonical.scale is None:
        return
    log_scale = np.log(theta[:, canonical.scale])
    power: FloatArray | float = 2.0 if canonical.time_power is None else canonical.time_power
    if canonical.time_parameter is not None:
        power = theta[:, canonical.time_parameter]
    for k, (length, time) in enumerate(zip(canonical.length, canonical.time, strict=True)):
        if length == 0.0 and time == 0.0:
            continue
        factor = np.exp(-(length + time * power) * log_scale)
        theta[:, k] = np.arctan(np.tan(theta[:, k]) * factor) if canonical.angle[k] else theta[:, k] * factor
    theta[:, canonical.scale] = 1.0


def _widen(low: float, high: float, support: str, ends: tuple[float, float]) -> tuple[float, float]:
    """The interval widened on its link scale; an edge on the border of the support stays."""
    if support == "real":
        margin = _OVERHANG * (high - low)
        return low - margin, high + margin
    if support == "positive":
        if low <= 0.0:
            return low, high * (1.0 + _OVERHANG)
        factor = (high / low) ** _OVERHANG
        return low / factor, high * factor
    # on the logit scale, for which an edge on the border counts as a thousandth inside
    p = (np.array([low, high]) - ends[0]) / ends[1]
    odds = np.clip(p, 1e-3, 1.0 - 1e-3)
    odds /= 1.0 - odds
    factor = (odds[1] / odds[0]) ** _OVERHANG
    odds *= [1.0 / factor, factor]
    wide = np.where((p <= 0.0) | (p >= 1.0), p, odds / (1.0 + odds))
    return float(ends[0] + ends[1] * wide[0]), float(ends[0] + ends[1] * wide[1])
