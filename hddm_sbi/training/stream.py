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

# The proposal reaches this fraction of the box's width beyond it (on the link scale), so that the edges of the box are
# learned from both sides.
_OVERHANG = 0.05


@dataclass(frozen=True)
class Batch:
    """Simulations of one step.

    Args:
        theta: (rows, parameters), in canonical form: unit length scale, no shift, where the model has these symmetries.
        x: rt and choice of each trial, (rows * trials, 2).
        row: row of theta for each trial.
    """

    theta: Tensor
    x: Tensor
    row: Tensor


@dataclass(frozen=True)
class SimulationStream:
    """Simulations of a model at parameters drawn uniformly from its (slightly widened) training box.

    Args:
        ssm: the model.
        canonical: its symmetries; simulations are run in canonical form, which float32 resolves at any shift.
        rows: parameter vectors per step.
        trials: trials per parameter vector.
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
        rt, choice = self.ssm.simulator(theta, self.trials, int(trial_seed.generate_state(1)[0]))
        x = np.stack([rt.reshape(-1), choice.reshape(-1)], -1).astype(np.float32)
        row = torch.arange(self.rows).repeat_interleave(self.trials)
        return Batch(torch.from_numpy(theta.astype(np.float32)), torch.from_numpy(x), row)

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
        edges = np.array(
            [_widen(*box, support) for box, support in zip(self.canonical.box, self.canonical.supports, strict=True)]
        )
        theta = rng.uniform(edges[:, 0], edges[:, 1], size=(self.rows, len(edges)))
        unbounded = np.array([support == "real" for support in self.canonical.supports])
        middle = edges.mean(axis=1)[unbounded]
        rows = slice(0, round(central * self.rows))
        theta[rows, unbounded] = middle + 0.25 * (theta[rows, unbounded] - middle)
        scale, shift = self.canonical.scale, self.canonical.shift
        if scale is not None:
            theta *= theta[:, [scale]] ** np.array(self.canonical.powers)
            theta[:, scale] = 1.0
        if shift is not None:
            theta[:, shift] = 0.0
        return theta


def _widen(low: float, high: float, support: str) -> tuple[float, float]:
    """The interval widened on its link scale; an edge on the border of the support stays."""
    if support == "real":
        margin = _OVERHANG * (high - low)
        return low - margin, high + margin
    if low <= 0.0:
        return low, high * (1.0 + _OVERHANG)
    if support == "positive":
        factor = (high / low) ** _OVERHANG
        return low / factor, high * factor
    odds = np.array([low / (1.0 - low), high / (1.0 - high)])
    factor = (odds[1] / odds[0]) ** _OVERHANG
    odds *= [1.0 / factor, factor]
    return float(odds[0] / (1.0 + odds[0])), float(odds[1] / (1.0 + odds[1]))
