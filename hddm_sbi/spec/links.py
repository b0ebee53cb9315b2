"""Links between a parameter's natural scale and the scale of its linear predictor.

``identity``, ``log``, and ``logit``, the logit of the place between the ends of a finite support, (value - low) /
(high - low): of z itself, which lies in (0, 1), and of alpha - 1 for an alpha in (1, 2].
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import expit, logit

from hddm_sbi.errors import ModelError

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Link:
    """A link: ``forward`` natural -> link scale, ``inverse`` back, in NumPy, and ``torch_inverse`` in torch.

    ``slope`` is the derivative of the inverse, given the natural value.
    """

    name: str
    forward: Callable[[FloatArray], FloatArray]
    inverse: Callable[[FloatArray], FloatArray]
    slope: Callable[[FloatArray], FloatArray]
    torch_inverse: Callable[[torch.Tensor], torch.Tensor]


LINK_NAMES = ("identity", "log", "logit")
UNIT = (0.0, 1.0)


def get_link(name: str, ends: tuple[float, float] = UNIT) -> Link:
    """The link called ``name``.

    Args:
        name: one of ``LINK_NAMES``.
        ends: of the support, for the logit.

    Raises:
        ModelError: there is no such link, or the ends are not finite where they have to be.
    """
    if name == "identity":
        return _IDENTITY
    if name == "log":
        return _LOG
    if name != "logit":
        raise ModelError(f"there is no link '{name}'; choose one of {', '.join(LINK_NAMES)}.")
    low, high = ends
    if not -math.inf < low < high < math.inf:
        raise ModelError(f"the link 'logit' needs a finite support, not ({low:g}, {high:g}).")
    return _logit(low, high)


_IDENTITY = Link("identity", lambda x: x, lambda eta: eta, np.ones_like, lambda eta: eta)
_LOG = Link("log", np.log, np.exp, lambda value: value, torch.exp)


def _logit(low: float, high: float) -> Link:
    width = high - low
    return Link(
        "logit",
        forward=lambda value: logit((value - low) / width),
        inverse=lambda eta: low + width * expit(eta),
        slope=lambda value: (value - low) * (high - value) / width,
        torch_inverse=lambda eta: low + width * torch.sigmoid(eta),
    )
