"""What a sequential sampling model is: its parameters, their supports, its symmetries and its simulator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from hddm_sbi.errors import ModelError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# (theta of shape (rows, parameters), trials per row, seed) -> rt and choice, each of shape (rows, trials)
Simulator = Callable[[FloatArray, int, int], tuple[FloatArray, IntArray]]


@dataclass(frozen=True)
class Parameter:
    """One parameter of a model: its support, its default link, and the range a network is trained on.

    Args:
        name: the field's symbol, such as ``v``.
        support: the open or half-open interval of possible values.
        link: default link of a regression on it: ``"identity"``, ``"log"`` or ``"logit"``.
        box: range over which a network for the model is trained.
        description: what it means, with its unit.
    """

    name: str
    support: tuple[float, float]
    link: Literal["identity", "log", "logit"]
    box: tuple[float, float]
    description: str = ""

    def contains(self, values: FloatArray) -> npt.NDArray[np.bool_]:
        """Whether values are possible; an end of the support is, where the box reaches it (t0 = 0)."""
        (low, high), (first, last) = self.support, self.box
        above = (values > low) | ((values == low) & (first <= low))
        below = (values < high) | ((values == high) & (last >= high))
        return above & below & np.isfinite(values)


@dataclass(frozen=True)
class Symmetries:
    """Laws of a model that a network need not learn, stated by naming parameters.

    Args:
        shift: parameter added to every response time (non-decision time).
        scale: parameter that sets the length scale c of the process (boundary separation).
        scale_powers: for other parameters p, the power k such that the process with p and length scale c equals the one
            with p c^k and length scale 1, times divided by c^2 (Brownian scaling: drift has power 1).
        mirror: parameters that change when the two choices trade places, and how: ``"negate"`` p -> -p,
            ``"complement"`` p -> 1 - p. Empty: no such symmetry.
        even: parameters whose sign leaves the decision time unchanged once the choice is given (the drift of a
            Wiener process: the likelihood ratio of two drifts depends on the end point and the time only).
    """

    shift: str | None = None
    scale: str | None = None
    scale_powers: tuple[tuple[str, float], ...] = ()
    mirror: tuple[tuple[str, Literal["negate", "complement"]], ...] = ()
    even: tuple[str, ...] = ()


@dataclass(frozen=True)
class SSM:
    """A sequential sampling model: named parameters and a simulator of (rt, choice).

    Args:
        name: short identifier.
        parameters: in the order of ``theta``.
        simulator: ``(theta (rows, parameters), n, seed) -> (rt, choice)``, each (rows, n); rt in seconds.
        n_choices: number of response options.
        symmetries: laws that a network for the model may build in.
        diffusion: names of the drift and the relative starting point, where the process is a diffusion between two
            boundaries; a network then starts from the shape of a first-passage time.
        description: the process in a line.
    """

    name: str
    parameters: tuple[Parameter, ...]
    simulator: Simulator
    n_choices: int = 2
    symmetries: Symmetries = Symmetries()
    diffusion: tuple[str, str] | None = None
    description: str = ""

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Names in the order of ``theta``."""
        return tuple(parameter.name for parameter in self.parameters)

    @property
    def box(self) -> FloatArray:
        """Training ranges, shape (parameters, 2)."""
        return np.array([parameter.box for parameter in self.parameters], dtype=np.float64)

    def parameter(self, name: str) -> Parameter:
        """The parameter called ``name``.

        Raises:
            ModelError: the model has no such parameter.
        """
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        raise ModelError(
            f"the model '{self.name}' has no parameter '{name}'; its parameters are {', '.join(self.parameter_names)}."
        )
