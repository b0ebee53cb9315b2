"""A user's own model: simulators from functions of one trial, and checks of what is declared and what comes back."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numba import njit
from numba.core.dispatcher import Dispatcher
from numba.core.errors import NumbaError

from hddm_sbi.errors import ModelError
from hddm_sbi.ssm.base import SSM, FloatArray, IntArray, Simulator, room
from hddm_sbi.ssm.registry import get_model, list_models, option_counts

# Trials that show what a simulator returns, at each of two parameter vectors: their number tells rows from columns.
_TRIED = 3
# Trials that share a generator. Making one costs about 25 us, a trial in compiled code 1 us or more.
_BLOCK = 256

# (theta (parameters,), generator) -> rt and choice of a trial
Trial = Callable[[FloatArray, np.random.Generator], tuple[float, int]]


class TrialSimulator:
    """A simulator made of a function that draws one trial, or one trial for each row of theta.

    Args:
        function: ``(theta, generator) -> (rt, choice)``.
        vectorised: theta has a row for each trial, and rt and choice are arrays.
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

    def __call__(self, theta: FloatArray, n: int, seed: int) -> tuple[Any, Any]:
        """Draw n trials for each row of theta; the same seed gives the same trials on any number of threads."""
        if self.vectorised:
            rt, choice = _pair(self.function(np.repeat(theta, n, axis=0), _generator(seed, 0)), self.__name__)
            return _rows(rt, len(theta), n), _rows(choice, len(theta), n)
        rt, choice = np.empty(len(theta) * n), np.empty(len(theta) * n)
        if self.compiled:
            self._in_threads(np.ascontiguousarray(theta), n, seed, rt, choice)
        else:
            self._one_by_one(theta, n, seed, rt, choice)
        return rt.reshape(len(theta), n), choice.reshape(len(theta), n)

    def _one_by_one(self, theta: FloatArray, n: int, seed: int, rt: FloatArray, choice: FloatArray) -> None:
        rng = _generator(seed, 0)
        for i in range(len(rt)):
            trial = self.function(theta[i // n], rng)
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
                rt[i], choice[i] = trial(theta[i // n], rng)

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
    """The simulator of an ``SSM`` from a function that draws one trial: ``trial(theta, rng) -> (rt, choice)``.

    ``theta`` holds the parameters in the model's order, ``rng`` is a ``numpy.random.Generator``: draw from it and from
    nothing else, so that the same seed gives the same trials. Decorated with ``numba.njit`` the function runs in
    compiled code on all cores, often a hundred times as fast; a plain Python function runs on one core.

    Args:
        function: draws rt in seconds and choice, an option's index 0, 1, ...
        vectorised: ``theta`` has a row for each trial, (trials, parameters), and rt and choice are arrays (trials,).

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
    if not _takes(getattr(function, "py_func", function), 2):
        name = getattr(function, "__name__", type(function).__name__)
        raise ModelError(f"the trial function '{name}' must take two arguments, theta and a NumPy generator.")
    return TrialSimulator(function, vectorised)


def checked(ssm: SSM) -> SSM:
    """The model with a simulator whose trials are checked (``check_trials``), and which cannot change theta."""
    return replace(ssm, simulator=_Checked(ssm))


class _Checked:
    """The simulator ``of``, its trials checked."""

    def __init__(self, ssm: SSM) -> None:
        self.of, self._ssm = ssm.simulator, ssm
        self.__name__ = name_of(ssm.simulator)

    def __call__(self, theta: FloatArray, n: int, seed: int) -> tuple[FloatArray, IntArray]:
        return check_trials(self._ssm, theta, n, self.of(theta.copy(), n, seed))


def check_trials(ssm: SSM, theta: FloatArray, n: int, trials: Any) -> tuple[FloatArray, IntArray]:
    """What a simulator returned, as float64 and int64.

    Args:
        ssm: the model.
        theta, n: what its simulator was called with, (rows, parameters).
        trials: what it returned.

    Raises:
        ModelError: it is not rt and choice, each (rows, n), with rt finite and above zero and the shift parameter, and
            choice in 0 ... n_choices - 1; names the simulator, the value and the parameters.
    """
    name = name_of(ssm.simulator)
    arrays = []
    for what, values in zip(("rt", "choice"), _pair(trials, name), strict=True):
        array = np.asarray(values)
        if array.shape != (len(theta), n):
            raise ModelError(
                f"the simulator '{name}' returned {what} of shape {array.shape} for {len(theta)} parameter vectors and "
                f"n = {n} trials of each; it must have shape ({len(theta)}, {n})."
            )
        if array.dtype.kind not in "biuf":
            raise ModelError(f"the simulator '{name}' returned {what} of type {array.dtype}; return numbers.")
        arrays.append(array)
    rt, choice = arrays[0].astype(np.float64), arrays[1]
    shift = ssm.symmetries.shift
    earliest = theta[:, [ssm.parameter_names.index(shift)]] if shift is not None else np.zeros((len(theta), 1))
    beyond = "" if shift is None else f", and above {shift}, which is declared to be added to it"
    _refuse(ssm, theta, "rt", rt, ~np.isfinite(rt) | (rt <= 0.0), "it must be finite and above zero, in seconds")
    _refuse(ssm, theta, "rt", rt, rt <= earliest, f"it must be above zero{beyond}")
    bad = ~((choice >= 0) & (choice < ssm.n_choices) & (choice == np.floor(choice)))
    options = ", ".join(str(option) for option in range(ssm.n_choices))
    _refuse(ssm, theta, "choice", choice, bad, f"code the {ssm.n_choices} options {options}")
    return rt, choice.astype(np.int64)


def check_ssm(ssm: SSM) -> SSM:
    """The model, if what it declares holds together.

    Raises:
        ModelError: no parameters, a name twice, a box outside its support, a symmetry of parameters it does not have, a
            simulator that cannot be called with (theta, n, seed).
    """
    if not isinstance(ssm, SSM):
        raise ModelError(f"a model is an hddm_sbi.SSM or the name of one, not {ssm!r:.80}.")
    names = ssm.parameter_names
    if not names or len(set(names)) < len(names):
        raise ModelError(f"the model '{ssm.name}' needs parameters with different names, not ({', '.join(names)}).")
    for parameter in ssm.parameters:
        _check_box(ssm.name, parameter.name, parameter.support, parameter.box)
    symmetries, diffusion = ssm.symmetries, ssm.diffusion
    used = [symmetries.shift, symmetries.window, symmetries.scale, *symmetries.angles, *symmetries.even]
    used += [name for name, *_ in symmetries.units] + [name for name, _ in symmetries.mirror]
    used += [symmetries.time_power] if isinstance(symmetries.time_power, str) else []
    used += [parameter.within for parameter in ssm.parameters]
    used += [] if diffusion is None else [diffusion.drift, diffusion.start, *diffusion.collapsing]
    for name in used:
        if name is not None:
            ssm.parameter(name)
    if ssm.n_choices < 1 or (symmetries.mirror and ssm.n_choices != 2):
        raise ModelError(f"the model '{ssm.name}' has n_choices={ssm.n_choices}; a mirror symmetry needs two.")
    if not callable(ssm.simulator) or not _takes(ssm.simulator, 3):
        raise ModelError(
            f"the simulator '{name_of(ssm.simulator)}' of the model '{ssm.name}' must take theta (rows, parameters), n "
            "and seed; a function of one trial, (theta, rng), becomes one by hddm_sbi.simulator_of."
        )
    return ssm


def check_model(model: str | SSM) -> None:
    """Refuse a model that would fail later, before time is spent on it: ``check_ssm``, then one call of the simulator.

    It is called for three trials at each of two parameter vectors; but not where that would compile it, which takes
    seconds, nor where it is the registry's.

    Raises:
        ModelError: as ``check_ssm`` and ``check_trials``.
    """
    if isinstance(model, str):
        return
    ssm = check_ssm(model)
    if not (is_registered(ssm) or _awaits_compiler(ssm.simulator)):
        low, high = ssm.box.T
        theta = in_room(ssm, low + np.array([[1.0], [2.0]]) / 3.0 * (high - low))
        checked(ssm).simulator(theta, _TRIED, 0)


def is_registered(ssm: SSM) -> bool:
    """Whether the simulator is that of the registry's model of the same name, whose laws are tested."""
    if ssm.name not in list_models() or ssm.n_choices not in option_counts(ssm.name):
        return False
    return get_model(ssm.name, ssm.n_choices).simulator is ssm.simulator


def in_room(ssm: SSM, proportions: FloatArray) -> FloatArray:
    """Values of parameter vectors whose widths are given as proportions of their room, as boxes have them."""
    theta = proportions.copy()
    for k, parameter in enumerate(ssm.parameters):
        if parameter.within is not None:
            theta[..., k] *= room(theta[..., ssm.parameter_names.index(parameter.within)])
    return theta


def name_of(simulator: Simulator) -> str:
    """What to call a simulator in a message."""
    return getattr(simulator, "__name__", type(simulator).__name__)


def _awaits_compiler(simulator: Simulator) -> bool:
    """Whether the first call, which is still to come, compiles."""
    if isinstance(simulator, TrialSimulator) and simulator.compiled:
        return "_loop" not in vars(simulator)
    function = simulator.function if isinstance(simulator, TrialSimulator) else simulator
    return isinstance(function, Dispatcher) and not function.signatures


def _check_box(model: str, name: str, support: tuple[float, float], box: tuple[float, float]) -> None:
    if not name.isidentifier():
        raise ModelError(f"the model '{model}' has a parameter '{name}'; formulas need a name of letters and digits.")
    (low, high), (first, last) = support, box
    if not (np.isfinite([first, last]).all() and low <= first < last <= high):
        raise ModelError(
            f"the training box of '{name}' in the model '{model}' is ({first:g}, {last:g}); it must be two numbers, "
            f"the lower first, within the support ({low:g}, {high:g})."
        )


def _refuse(ssm: SSM, theta: FloatArray, what: str, values: Any, bad: Any, rule: str) -> None:
    if not bad.any():
        return
    row, trial = np.argwhere(bad)[0]
    at = ", ".join(f"{name}={value:g}" for name, value in zip(ssm.parameter_names, theta[row], strict=True))
    raise ModelError(
        f"the simulator '{name_of(ssm.simulator)}' returned {what}={values[row, trial]:g} at {at} ({bad.sum()} of "
        f"{bad.size} trials); {rule}."
    )


def _pair(trials: Any, name: str) -> tuple[Any, Any]:
    if not isinstance(trials, tuple | list) or len(trials) != 2:
        got = f"{len(trials)} values" if isinstance(trials, tuple | list) else f"a {type(trials).__name__}"
        raise ModelError(f"the simulator '{name}' returned {got}; it must return two arrays, rt and choice.")
    return trials[0], trials[1]


def _rows(values: Any, rows: int, n: int) -> Any:
    """Values by trial, in rows; of another shape, as they are, for a check to name it."""
    array = np.asarray(values)
    return array.reshape(rows, n) if array.shape in ((rows * n,), (rows * n, 1)) else array


def _generator(seed: int, block: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64([seed, block]))


def _takes(function: Callable[..., Any], n: int) -> bool:
    """Whether a function can be called with n arguments; one that does not say counts as able."""
    try:
        inspect.signature(function).bind(*range(n))
    except TypeError:
        return False
    except ValueError:
        return True
    return True


def _gist(error: NumbaError) -> str:
    """The first lines of a compiler's message that say something, in one."""
    lines = [line.strip() for line in str(error).splitlines()]
    telling = [line for line in lines if line and not line.startswith(("Failed in", "During", "-", "File", "<"))]
    return " ".join(telling)[:300].rstrip(".: ")
