"""Parameter vectors to simulate at: uniform over a box, but for those that take long to simulate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from hddm_sbi.errors import ModelError
from hddm_sbi.ssm.base import ENDLESS, SSM, FloatArray

Box = Mapping[str, tuple[float, float]]

# After so many rounds a box is given up. Where one vector in 500 can be afforded, a vector is still missing then with
# probability exp(-20).
_ROUNDS = 10_000


def boxed(ssm: SSM, box: Box | None) -> SSM:
    """The model with other training ranges for the parameters in ``box``."""
    if not box:
        return ssm
    return replace(ssm, parameters=tuple(replace(p, box=box.get(p.name, p.box)) for p in ssm.parameters))


def draw_theta(ssm: SSM, size: int, rng: np.random.Generator, box: Box | None = None) -> FloatArray:
    """Parameter vectors over the training box, drawn as in training.

    Args:
        ssm: the model.
        size: number of parameter vectors to draw.
        rng: the generator of random numbers, which moves on.
        box: ranges by parameter in place of the training box.

    Raises:
        ModelError: practically nowhere in the box does the process respond.
    """
    ssm = boxed(ssm, box)
    return ssm.in_room(draw_within(ssm, size, rng, ssm.box))


def draw_within(ssm: SSM, size: int, rng: np.random.Generator, edges: FloatArray) -> FloatArray:
    """Uniform draws between ``edges``, (parameters, 2), widths as proportions of their room; see ``draw_theta``.

    Vectors that take longer come the less often, and endless ones never; see ``SSM.effort``.
    """

    def uniform(rows: int) -> FloatArray:
        return rng.uniform(edges[:, 0], edges[:, 1], size=(rows, len(edges)))

    theta = uniform(size)
    if ssm.effort is None:
        return theta
    # all are drawn anew: the weights that a seed gives depend on the order of draws
    missing = np.arange(size)
    for _ in range(_ROUNDS):
        theta[missing] = uniform(len(missing))
        chance, effort = rng.uniform(size=size)[missing], effort_at(ssm, theta[missing])
        with np.errstate(over="ignore", invalid="ignore"):
            missing = missing[~((chance * effort <= 1.0) & (effort <= ENDLESS))]
        if not len(missing):
            return theta
    ranges = ", ".join(f"{p.name} {p.box[0]:g} to {p.box[1]:g}" for p in ssm.parameters)
    raise ModelError(
        f"practically nowhere in the training box ({ranges}) does the model '{ssm.name}' respond in a time that can be "
        "simulated; give a box nearer to the parameters of an experiment."
    )


def effort_at(ssm: SSM, proportions: FloatArray) -> FloatArray:
    """``SSM.effort`` at vectors whose widths are proportions of their room, shape (rows,); 1 where there is none."""
    if ssm.effort is None:
        return np.ones(len(proportions))
    with np.errstate(over="ignore"):
        return ssm.effort(ssm.in_room(proportions))
