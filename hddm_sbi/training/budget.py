"""How to spend a number of simulations: batches, steps and learning rate."""

from __future__ import annotations

import math

from hddm_sbi.errors import ModelError
from hddm_sbi.ssm.base import whole
from hddm_sbi.training.train import TrainingPlan

# Fewer simulations than this make fewer than 200 steps: no network comes of them.
FEWEST = 10_000
# Steps at a million simulations. Of a larger budget one half (on the log scale) makes more steps, the other larger
# batches, whose gradients keep a network closer to its optimum in the end.
_STEPS_AT_A_MILLION = 2000
# Trials of a parameter vector, growing with the square root of the budget as well. Further vectors tell the network
# more than further trials, but each costs an evaluation of the network: 1, 4 and 16 trials leave the same divergence at
# ten million simulations, and the last takes an eighth of the time of the first.
_TRIALS_AT_A_MILLION = 4
_MOST_TRIALS = 32
# The first rate, up to ten million simulations. Of the ddm with nothing declared but t0, a hundred thousand leave a
# divergence of .0035 nats a trial with it and .0098 with 3e-3, a million .00058 and .00085. More steps can afford to be
# smaller: ten million leave .00012 with 3e-3.
_RATE, _LEAST_RATE = 1e-2, 3e-3


def plan_for(simulations: float, seed: int = 0) -> TrainingPlan:
    """A training plan that uses about ``simulations`` fresh simulations, each once.

    Args:
        simulations: a whole number, 10,000 or more; 1e6 is one.
        seed: the seed of simulations and initial weights, a non-negative integer.

    Raises:
        ModelError: too few simulations, or no whole numbers.
    """
    simulations, seed = whole("simulations", simulations), whole("seed", seed)
    if simulations < FEWEST:
        raise ModelError(f"simulations is {simulations}; a network needs {FEWEST:,} at least, better a million.")
    millions = simulations / 1e6
    steps = round(_STEPS_AT_A_MILLION * math.sqrt(millions))
    batch = simulations / steps
    trials = min(_MOST_TRIALS, max(1, round(_TRIALS_AT_A_MILLION * math.sqrt(millions))))
    rate = max(_LEAST_RATE, _RATE / max(1.0, millions / 10.0) ** 0.25)
    return TrainingPlan(
        stages=((steps, rate, 0.0),),
        rows=max(1, round(batch / trials)),
        trials=trials,
        warmup=max(1, steps // 20),
        # the average reaches over the last fiftieth of the steps
        averaging=min(0.999, 1.0 - 50.0 / max(steps, 100)),
        seed=seed,
    )
