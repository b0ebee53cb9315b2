"""Checks that what a simulator returned is trials: for simulators that are not the registry's."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from hddm_sbi.errors import ModelError
from hddm_sbi.ssm.base import SSM, FloatArray, IntArray, Paired, RatioSimulator, Simulator

_PAIR = ("rt", "choice")
_WITH_RATIO = (*_PAIR, "the log ratio")


def checked(ssm: SSM) -> SSM:
    """Give the model simulators whose trials are checked (``check_trials``), and which cannot change theta."""
    simulator, ratio = _Checked(ssm), ssm.ratio_simulator
    return replace(
        ssm,
        simulator=simulator,
        ratio_simulator=None if ratio is None else Paired(simulator, _CheckedRatio(ssm, ratio)),
    )


class _Checked:
    """The model's simulator, with a check of every trial it returns."""

    def __init__(self, ssm: SSM) -> None:
        self.of, self._ssm = ssm.simulator, ssm
        self.__name__ = name_of(ssm.simulator)

    def __call__(self, theta: FloatArray, n: int, seed: int) -> tuple[FloatArray, IntArray]:
        return check_trials(self._ssm, theta, n, self.of(theta.copy(), n, seed))


class _CheckedRatio:
    """A ratio simulator, with a check of every trial and ratio it returns."""

    def __init__(self, ssm: SSM, of: RatioSimulator) -> None:
        self.of, self._ssm = of, ssm
        self.__name__ = name_of(of)

    def __call__(self, theta: FloatArray, n: int, seed: int) -> tuple[FloatArray, IntArray, FloatArray]:
        *trials, ratio = arrays_of(self.of(theta.copy(), n, seed), self.__name__, _WITH_RATIO)
        rt, choice = check_trials(self._ssm, theta, n, tuple(trials), self.__name__)
        log_ratio = _numbers(self.__name__, _WITH_RATIO[2], ratio, (len(theta), n)).astype(np.float64)
        _refuse(self._ssm, theta, self.__name__, _WITH_RATIO[2], log_ratio, np.isnan(log_ratio), "it must be a number")
        return rt, choice, log_ratio


def check_trials(
    ssm: SSM, theta: FloatArray, n: int, trials: Any, name: str | None = None
) -> tuple[FloatArray, IntArray]:
    """Check what a simulator returned, and convert it to float64 and int64.

    Args:
        ssm: the model.
        theta: parameters that the simulator was called with, (rows, parameters).
        n: trials per row that it was asked for.
        trials: what it returned.
        name: what the message calls the simulator; None takes the name of the model's.

    Returns:
        rt and choice, each (rows, n).

    Raises:
        ModelError: it did not return rt and choice, each (rows, n), with rt finite and above zero and the shift
            parameter, and choice in 0 ... n_choices - 1. The message names the simulator, the value and the parameters.
    """
    name = name_of(ssm.simulator) if name is None else name
    pair = zip(_PAIR, arrays_of(trials, name), strict=True)
    times, choice = (_numbers(name, what, values, (len(theta), n)) for what, values in pair)
    rt, refuse = times.astype(np.float64), partial(_refuse, ssm, theta, name)
    shift = ssm.symmetries.shift
    earliest = theta[:, [ssm.parameter_names.index(shift)]] if shift is not None else np.zeros((len(theta), 1))
    beyond = "" if shift is None else f", and above {shift}, which is declared to be added to it"
    refuse("rt", rt, ~np.isfinite(rt) | (rt <= 0.0), "it must be finite and above zero, in seconds")
    refuse("rt", rt, rt <= earliest, f"it must be above zero{beyond}")
    options = ", ".join(str(option) for option in range(ssm.n_choices))
    bad = ~((choice >= 0) & (choice < ssm.n_choices) & (choice == np.floor(choice)))
    refuse("choice", choice, bad, f"code the {ssm.n_choices} options {options}")
    return rt, choice.astype(np.int64)


def arrays_of(trials: Any, name: str, parts: tuple[str, ...] = _PAIR) -> list[npt.NDArray[Any]]:
    """Convert the parts of what the simulator called ``name`` returned, rt and choice first, to arrays.

    Raises:
        ModelError: it returned another number of parts, or a part that is no array.
    """
    if not isinstance(trials, tuple | list) or len(trials) != len(parts):
        got = f"{len(trials)} values" if isinstance(trials, tuple | list) else f"a {type(trials).__name__}"
        count = {2: "two", 3: "three"}[len(parts)]
        needed = f"{', '.join(parts[:-1])}{',' if len(parts) > 2 else ''} and {parts[-1]}"
        raise ModelError(f"the simulator '{name}' returned {got}; it must return {count} arrays, {needed}.")
    arrays = []
    for what, values in zip(parts, trials, strict=True):
        try:
            arrays.append(np.asarray(values))
        except (TypeError, ValueError, RuntimeError) as error:  # lists of unequal lengths, tensors on a device
            raise ModelError(f"the simulator '{name}' returned {what} that is no array: {error}.") from error
    return arrays


def name_of(simulator: Simulator | RatioSimulator) -> str:
    """Name a simulator in a message."""
    return getattr(simulator, "__name__", type(simulator).__name__)


def takes(function: Callable[..., Any], n: int) -> bool:
    """Whether a function can be called with n arguments; one that does not tell counts as able to."""
    try:
        inspect.signature(function).bind(*range(n))
    except TypeError:
        return False
    except ValueError:
        return True
    return True


def _numbers(name: str, what: str, array: npt.NDArray[Any], shape: tuple[int, int]) -> npt.NDArray[Any]:
    """Return the rt, choice or log ratio of a simulator, if they are numbers in the right shape."""
    if array.shape != shape:
        raise ModelError(
            f"the simulator '{name}' returned {what} of shape {array.shape} for {shape[0]} parameter vectors and "
            f"n = {shape[1]} trials of each; it must have shape ({shape[0]}, {shape[1]})."
        )
    if array.dtype.kind not in "biuf":
        raise ModelError(f"the simulator '{name}' returned {what} of type {array.dtype}; return numbers.")
    return array


def _refuse(
    ssm: SSM, theta: FloatArray, name: str, what: str, values: Any, bad: npt.NDArray[np.bool_], rule: str
) -> None:
    if not bad.any():
        return
    row, trial = np.argwhere(bad)[0]
    at = ", ".join(f"{name}={value:g}" for name, value in zip(ssm.parameter_names, theta[row], strict=True))
    raise ModelError(
        f"the simulator '{name}' returned {what}={values[row, trial]:g} at {at} ({bad.sum()} of {bad.size} trials); "
        f"{rule}."
    )
