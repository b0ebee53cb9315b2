"""The models by name, and their simulator as a user calls it."""

from __future__ import annotations

import difflib
import operator

import numpy as np
import numpy.typing as npt

from hddm_sbi.errors import ModelError
from hddm_sbi.ssm.base import SSM, FloatArray, IntArray
from hddm_sbi.ssm.ddm import DDM

_MODELS: dict[str, SSM] = {model.name: model for model in (DDM,)}


def list_models() -> list[str]:
    """Names of the models in the registry."""
    return list(_MODELS)


def get_model(name: str | SSM) -> SSM:
    """The model called ``name``; an ``SSM`` is returned as it is.

    Raises:
        ModelError: there is no such model.
    """
    if isinstance(name, SSM):
        return name
    if name not in _MODELS:
        close = difflib.get_close_matches(str(name), _MODELS, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"choose one of {', '.join(_MODELS)}."
        raise ModelError(f"there is no model '{name}'; {hint}")
    return _MODELS[name]


def simulate(model: str | SSM, theta: npt.ArrayLike, n: int = 1, seed: int = 0) -> tuple[FloatArray, IntArray]:
    """Simulate trials.

    Args:
        model: a name from ``list_models()`` or an ``SSM``.
        theta: parameters on their natural scales, in the model's order, shape (..., parameters).
        n: trials for each parameter vector.
        seed: a non-negative integer; the same seed gives the same trials whatever the number of threads.

    Returns:
        rt in seconds and choice (0 = lower, 1 = upper), each of shape (..., n).

    Raises:
        ModelError: unknown model, wrong number of parameters, or a value outside its support.

    Example:
        >>> rt, choice = simulate("ddm", [0.5, 1.5, 0.5, 0.3], n=1000, seed=1)
        >>> rt.shape
        (1000,)
    """
    ssm = get_model(model)
    theta = check_theta(ssm, theta)
    if operator.index(n) < 1:
        raise ModelError(f"n is {n}; ask for at least one trial.")
    if operator.index(seed) < 0:
        raise ModelError(f"seed is {seed}; give a non-negative integer.")
    rows = np.ascontiguousarray(theta.reshape(-1, theta.shape[-1]))
    rt, choice = ssm.simulator(rows, n, seed)
    return rt.reshape(*theta.shape[:-1], n), choice.reshape(*theta.shape[:-1], n)


def check_theta(ssm: SSM, theta: npt.ArrayLike) -> FloatArray:
    """``theta`` as a float64 array whose last axis holds values inside the supports.

    Raises:
        ModelError: wrong number of parameters, or a value outside its support.
    """
    array = np.asarray(theta, dtype=np.float64)
    names = ssm.parameter_names
    if array.ndim == 0 or array.shape[-1] != len(names):
        raise ModelError(
            f"theta has shape {array.shape}; the model '{ssm.name}' takes ({', '.join(names)}) along the last axis."
        )
    for parameter, column in zip(ssm.parameters, np.moveaxis(array, -1, 0), strict=True):
        low, high = parameter.support
        bad = ~parameter.contains(column)
        if bad.any():
            raise ModelError(
                f"{parameter.name} is {column[bad].flat[0]:g}; the model '{ssm.name}' needs it in ({low:g}, {high:g})."
            )
    return array
