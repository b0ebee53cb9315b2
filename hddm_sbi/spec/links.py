"""Links between a parameter's natural scale and the scale of its linear predictor."""

from __future__ import annotations

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


LINKS: dict[str, Link] = {
    "identity": Link("identity", lambda x: x, lambda eta: eta, np.ones_like, lambda eta: eta),
    "log": Link("log", np.log, np.exp, lambda value: value, torch.exp),
    "logit": Link("logit", logit, expit, lambda value: value * (1.0 - value), torch.sigmoid),
}


def get_link(name: str) -> Link:
    """The link called ``name``.

    Raises:
        ModelError: there is no such link.
    """
    if name not in LINKS:
        raise ModelError(f"there is no link '{name}'; choose one of {', '.join(LINKS)}.")
    return LINKS[name]
