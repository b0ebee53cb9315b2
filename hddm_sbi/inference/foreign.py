"""A network that was trained elsewhere: does it know the choices of the data, and when responses are possible?

This package's own networks start at the non-decision time and code choices as the model does. An estimator that sbi
trained on (rt, choice) need do neither: its density has tails on both sides.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from hddm_sbi.choose import Chosen
from hddm_sbi.errors import HDDMWarning, ModelError
from hddm_sbi.inference.log_ratios import spread
from hddm_sbi.inference.prior import prior_coefficients
from hddm_sbi.spec.linear import natural_parameters
from hddm_sbi.spec.model_spec import ModelSpec
from hddm_sbi.ssm.base import SSM

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Parameter vectors at which a network is asked for responses, and responses of each.
_ROWS, _DRAWS = 64, 400
# Shares of impossible responses, on average and at worst, that are worth a sentence.
_MEAN, _WORST = 0.001, 0.01
# A network that never draws an option but something else does not know it.
_NEVER, _STRANGE = 0.01, 0.05


@runtime_checkable
class Drawing(Protocol):
    """A likelihood whose network draws responses itself."""

    @property
    def known_choices(self) -> tuple[float, ...] | None:
        """The choices that it gives mass to; None where it does not say."""
        ...

    def draws(self, theta: FloatArray, n: int, seed: int = 0) -> tuple[FloatArray, FloatArray]:
        """rt and choice, (rows, n) each, for theta (rows, parameters)."""
        ...


@dataclass(frozen=True)
class EarlyMass:
    """The probability that a network gives to times at which no response is possible.

    Args:
        mean: share of its responses before the non-decision time (before 0 where the model has none), over theta.
        worst: the largest share of one parameter vector.
        theta: that vector, natural scale, shape (parameters,).
        names: the parameters' names, in the order of theta.
        shift: the non-decision time's name, or None.
    """

    mean: float
    worst: float
    theta: FloatArray
    names: tuple[str, ...]
    shift: str | None

    @property
    def matters(self) -> bool:
        """Whether it is more than a trace."""
        return self.mean > _MEAN or self.worst > _WORST

    @property
    def sentence(self) -> str:
        """How much, where, and what it does."""
        before = "0" if self.shift is None else f"the non-decision time {self.shift}"
        if not self.matters:
            return f"It gives next to no probability to response times before {before}."
        at = ", ".join(f"{name} {value:.2g}" for name, value in zip(self.names, self.theta, strict=True))
        effect = (
            "its densities at possible times are too low by as much"
            if self.shift is None
            else f"{self.shift} is not held below the fastest response, so that its estimate is moved and too uncertain"
        )
        return (
            f"It gives {_percent(self.mean)} of its probability on average and {_percent(self.worst)} at worst ({at}) "
            f"to response times before {before}, where no response is possible: {effect}."
        )


def check_foreign(chosen: Chosen, ssm: SSM, spec: ModelSpec, choice: IntArray) -> None:
    """Ask a foreign network for responses over the prior; say where they are not those of the model or of the data.

    Args:
        chosen: the density; one that draws no responses of its own passes.
        ssm: the process.
        spec: the model's structure, from whose prior theta is drawn.
        choice: option index of each observed trial, shape (trials,).

    Raises:
        ModelError: the data have a choice that the network does not know.

    Warns:
        HDDMWarning: the network responds before the non-decision time, or its choices are no whole numbers.
    """
    density = chosen.density
    if not isinstance(density, Drawing):
        return
    prior = prior_coefficients(spec, _ROWS, seed=0)
    draws = ({site: x[0, k : k + 1] for site, x in prior.items()} for k in range(_ROWS))
    theta = _one_of_each((natural_parameters(spec, draw)[0] for draw in draws), len(ssm.parameter_names))
    rt, drawn = density.draws(theta, _DRAWS)
    _check_choices(chosen.label, density.known_choices, np.unique(choice), drawn, ssm.n_choices)
    early = _early_mass(rt, theta, ssm)
    if early.matters:
        warnings.warn(
            f"the network '{chosen.label}' responds too early at {len(theta)} draws of the prior. {early.sentence} "
            "hs.train_nle trains networks that start at the non-decision time; likelihood='exact' does, too, where "
            "there is a formula.",
            HDDMWarning,
            stacklevel=3,
        )


def early_mass(density: object, ssm: SSM, thetas: Iterable[FloatArray]) -> EarlyMass | None:
    """What a network gives to impossible times, at draws of theta; None for one that draws no responses of its own.

    Args:
        density: the density of the process.
        ssm: the process.
        thetas: theta of each draw on the natural scale, the process's parameters first, (rows, parameters) each.
    """
    if not isinstance(density, Drawing):
        return None
    theta = _one_of_each(thetas, len(ssm.parameter_names))
    return _early_mass(density.draws(theta, _DRAWS)[0], theta, ssm)


def _one_of_each(thetas: Iterable[FloatArray], n_parameters: int) -> FloatArray:
    """One vector of each draw, from rows that are evenly spread, (draws, parameters)."""
    some, order = [], np.zeros(0, dtype=np.int64)
    for k, theta in enumerate(thetas):
        order = order if len(order) == len(theta) else spread(len(theta))
        some.append(theta[order[k % len(theta)], :n_parameters])
    return np.array(some, dtype=np.float64)


def _early_mass(rt: FloatArray, theta: FloatArray, ssm: SSM) -> EarlyMass:
    names = ssm.parameter_names
    shift = ssm.symmetries.shift or ("t0" if "t0" in names else None)
    start = np.zeros(len(theta)) if shift is None else theta[:, names.index(shift)]
    share = (rt < start[:, None]).mean(axis=1)
    at = int(np.argmax(share))
    return EarlyMass(float(share.mean()), float(share[at]), theta[at], tuple(names), shift)


def _check_choices(
    label: str, known: tuple[float, ...] | None, observed: IntArray, drawn: FloatArray, n_choices: int
) -> None:
    if known is not None:
        missing = [int(option) for option in observed if option not in known]
        if missing:
            raise ModelError(
                f"the data have the choice {missing[0]}, which the network '{label}' has never seen: it knows "
                f"{_listed(known)}; train it again on simulations with all choices of the data."
            )
        return
    near = np.abs(drawn[..., None] - np.arange(n_choices)) < 0.5
    never = [int(option) for option in observed if near[..., option].mean() < _NEVER]
    if never and 1.0 - near.any(axis=-1).mean() > _STRANGE:
        raise ModelError(
            f"the data have the choice {never[0]}, which the network '{label}' does not draw: its choices lie between "
            f"{drawn.min():.2g} and {drawn.max():.2g}; train it again on simulations whose choices are coded "
            f"{_listed(range(n_choices))} as the data's (0 = lower, 1 = upper)."
        )
    if (drawn != np.round(drawn)).any():
        warnings.warn(
            f"the network '{label}' draws choices such as {drawn[drawn != np.round(drawn)][0]:.2g}, which are no "
            "options: it has learned a density of choices, not their probabilities; train a mixed estimator instead, "
            "sbi's MNLE or hs.train_nle.",
            HDDMWarning,
            stacklevel=4,
        )


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)


def _percent(share: float) -> str:
    return f"{share:.1%}" if share < 0.1 else f"{share:.0%}"
