"""Simulators from functions of one trial, in Python or compiled, in threads where they can be."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit
from numba.core.dispatcher import Dispatcher
from numba.core.errors import NumbaError

from hddm_sbi.errors import ModelError
from hddm_sbi.ssm.base import FloatArray
from hddm_sbi.ssm.checks.check_trials import arrays_of, takes

# Trials that share a generator. Making one costs about 25 us, a trial in compiled code 1 us or more.
_BLOCK = 256

# (theta (parameters,), generator) -> rt and choice of a trial
Trial = Callable[[FloatArray, np.random.Generator], tuple[float, int]]


class TrialSimulator:
    """A simulator made of a function that draws one trial, or one trial for each row of theta.

    Args:
        function: ``(theta, generator) -> (rt, choice)``.
        vectorised: whether theta has a row for each trial, and rt and choice are arrays.
    """

    def __init__(self, function: Trial, vectorised: bool = False) -> None:
        self.function, self.vectorised = function, vectorised
        self.__name__ = getattr(function, "__name__", type(function).__name__)

    def __repr__(self) -> str:
        return f"simulator_of({self.__name__})"

    @property
    def compiled(self) -> bool:
        """Whether trials are drawn in compiled code, which runs in several threads at a time."""
        return isinstance(self.function, Dispatcher) and not self.vectorised

    def __call__(self, theta: FloatArray, n: int, seed: int) -> tuple[FloatArray, npt.NDArray[Any]]:
        """Draw n trials for each row of theta; the same seed gives the same trials on any number of threads.

        What is not rt and choice comes back as it is, and is refused where trials are checked.
        """
        if self.vectorised:
            trials = self.function(np.repeat(theta, n, axis=0), _generator(seed, 0))
            rt, choice = (_rows(values, len(theta), n) for values in arrays_of(trials, self.__name__))
            return rt, _indices(choice)
        rt, choice = np.empty(len(theta) * n), np.empty(len(theta) * n)
        if self.compiled:
            self._in_threads(np.ascontiguousarray(theta), n, seed, rt, choice)
        else:
            self._one_by_one(theta, n, seed, rt, choice)
        return rt.reshape(len(theta), n), _indices(choice.reshape(len(theta), n))

    def _one_by_one(self, theta: FloatArray, n: int, seed: int, rt: FloatArray, choice: FloatArray) -> None:
        rng = _generator(seed, 0)
        for i in range(len(rt)):
            trial = self.function(theta[i // n].copy(), rng)  # theirs to change
            try:
                rt[i], choice[i] = trial
            except (TypeError, ValueError) as error:
                raise ModelError(
                    f"the trial function '{self.__name__}' returned {trial!r:.80}; it must return two numbers, rt in "
                    "seconds and choice."
                ) from error

    def _in_threads(self, theta: FloatArray, n: int, seed: int, rt: FloatArray, choice: FloatArray) -> None:
        def fill(start: int) -> None:
            rng = _generator(seed, start // _BLOCK)
            self._loop(theta, n, rng, start, min(start + _BLOCK, len(rt)), rt, choice)

        fill(0)  # compiles once, before threads might at the same time
        rest = range(_BLOCK, len(rt), _BLOCK)
        workers = min(os.cpu_count() or 1, len(rest))
        if workers > 1:
            with ThreadPoolExecutor(workers) as pool:
                list(pool.map(fill, rest))
        else:
            for start in rest:
                fill(start)

    @cached_property
    def _loop(self) -> Callable[..., None]:
        trial = self.function

        @njit(nogil=True)
        def loop(
            theta: FloatArray, n: int, rng: np.random.Generator, start: int, stop: int, rt: FloatArray,
            choice: FloatArray,
        ) -> None:  # fmt: skip
            for i in range(start, stop):
                rt[i], choice[i] = trial(theta[i // n].copy(), rng)

        def compiled(*arguments: Any) -> None:
            try:
                loop(*arguments)
            except NumbaError as error:
                raise ModelError(
                    f"Numba cannot compile the trial function '{self.__name__}', which is called with theta (an array "
                    f"of the parameters) and a NumPy generator, and must return rt and choice: {_gist(error)}."
                ) from error

        return compiled


def simulator_of(function: Trial, *, vectorised: bool = False) -> TrialSimulator:
    """Make the simulator of an ``SSM`` from a function that draws one trial: ``trial(theta, rng) -> (rt, choice)``.

    ``theta`` holds the parameters in the model's order, ``rng`` is a ``numpy.random.Generator``: draw from it and from
    nothing else, so that the same seed gives the same trials. Decorated with ``numba.njit`` the function runs in
    compiled code on all cores, often a hundred times as fast; a plain Python function runs on one core.

    Args:
        function: draws rt in seconds and choice, an option's index 0, 1, ...
        vectorised: whether ``theta`` has a row for each trial, (trials, parameters), and rt and choice are arrays
            (trials,).

    Raises:
        ModelError: ``function`` does not take two arguments.

    Example:
        >>> def trial(theta, rng):
        ...     rate, t0 = theta
        ...     return t0 + rng.exponential(1.0 / rate), rng.integers(2)
        >>> rt, choice = simulator_of(trial)(np.array([[2.0, 0.3]]), 5, seed=1)
        >>> rt.shape
        (1, 5)
    """
    if not callable(function):
        raise ModelError(f"simulator_of takes a function (theta, rng) -> (rt, choice), not {function!r:.80}.")
    if not takes(getattr(function, "py_func", function), 2):
        name = getattr(function, "__name__", type(function).__name__)
        raise ModelError(f"the trial function '{name}' must take two arguments, theta and a NumPy generator.")
    return TrialSimulator(function, vectorised)


def _rows(array: npt.NDArray[Any], rows: int, n: int) -> npt.NDArray[Any]:
    """Put values by trial into rows; those of another shape stay as they are, for a check to name it."""
    return array.reshape(rows, n) if array.shape in ((rows * n,), (rows * n, 1)) else array


def _indices(choice: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Convert choices that are whole numbers to int64; others stay as they are, for a check to name them."""
    if choice.dtype.kind in "iu":
        return choice.astype(np.int64)
    within = choice.dtype.kind in "bf" and np.abs(choice).max(initial=0.0) < 2.0**31  # false for NaN, too
    return choice.astype(np.int64) if within and np.all(choice == np.floor(choice)) else choice


def _generator(seed: int, block: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64([seed, block]))


def _gist(error: NumbaError) -> str:
    """Join the lines of a compiler's message that say something."""
    lines = [line.strip() for line in str(error).splitlines()]
    telling = [line for line in lines if line and not line.startswith(("Failed in", "During", "-", "File", "<"))]
    return " ".join(telling)[:300].rstrip(".: ")
