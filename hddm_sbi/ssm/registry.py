"""The models by name, and their simulator as a user calls it."""

from __future__ import annotations

import difflib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from hddm_sbi.errors import ModelError
from hddm_sbi.ssm.base import ENDLESS, SSM, FloatArray, IntArray, numbers, whole
from hddm_sbi.ssm.checks.check_trials import checked
from hddm_sbi.ssm.models.angle import ANGLE
from hddm_sbi.ssm.models.ddm import DDM
from hddm_sbi.ssm.models.full_ddm import FULL_DDM
from hddm_sbi.ssm.models.lba import LBA
from hddm_sbi.ssm.models.levy import LEVY
from hddm_sbi.ssm.models.ornstein import ORNSTEIN
from hddm_sbi.ssm.models.race import Family
from hddm_sbi.ssm.models.rdm import RDM
from hddm_sbi.ssm.models.weibull import WEIBULL
from hddm_sbi.ssm.widths import in_words

_THETA = "numbers, the parameters in the model's order along the last axis"

_MODELS: dict[str, SSM | Family] = {
    model.name: model for model in (DDM, FULL_DDM, ANGLE, WEIBULL, ORNSTEIN, LEVY, RDM, LBA)
}


def list_models() -> list[str]:
    """Names of the models in the registry.

    Example:
        >>> "ddm" in list_models()
        True
    """
    return list(_MODELS)


def get_model(name: str | SSM, n_choices: int | None = None) -> SSM:
    """Return the model called ``name``; an ``SSM`` is returned as it is.

    Args:
        name: one of ``list_models()``.
        n_choices: number of response options; None leaves a race its two and every other model its own.

    Raises:
        ModelError: there is no such model, or none with so many options.

    Example:
        >>> get_model("ddm").parameter_names
        ('v', 'a', 'z', 't0')
        >>> get_model("rdm", n_choices=3).parameter_names
        ('v0', 'v1', 'v2', 'B', 'A', 't0')
    """
    if n_choices is not None:
        n_choices = whole("n_choices", n_choices, 1)
    if isinstance(name, SSM):
        ssm = name
    else:
        found = _find(name)
        if isinstance(found, Family):
            return found.member(n_choices)
        ssm = found
    if n_choices is not None and n_choices != ssm.n_choices:
        races = [model.name for model in _MODELS.values() if isinstance(model, Family) and n_choices in model.n_choices]
        hint = f"choose {' or '.join(races)}." if races else "no model has that many."
        raise ModelError(f"the model '{ssm.name}' has {ssm.n_choices} response options, not {n_choices}; {hint}")
    return ssm


def option_counts(name: str | SSM) -> tuple[int, ...]:
    """The numbers of response options that the model called ``name`` may have: several for a race of accumulators.

    Raises:
        ModelError: there is no such model.
    """
    found = name if isinstance(name, SSM) else _find(name)
    return found.n_choices if isinstance(found, Family) else (found.n_choices,)


def is_family(name: str | SSM) -> bool:
    """Whether ``name`` stands for several models, one for each number of response options.

    Raises:
        ModelError: there is no such model.
    """
    return len(option_counts(name)) > 1


def model_of(name: str | SSM, theta: npt.ArrayLike) -> SSM:
    """Return the model called ``name`` that ``theta`` is for: a race has as many accumulators as theta has drifts.

    Raises:
        ModelError: there is no such model, or no race with so many parameters.
    """
    if isinstance(name, SSM) or not is_family(name):
        return get_model(name)
    family = _find(name)
    assert isinstance(family, Family)
    shape = numbers("theta", theta, _THETA).shape
    ssm = family.with_parameters(shape[-1]) if shape else None
    if ssm is None:
        takes = "; or ".join(", ".join(family.member(n).parameter_names) for n in family.n_choices)
        raise ModelError(f"theta has shape {shape}; the model '{family.name}' takes {takes} along the last axis.")
    return ssm


def _find(name: object) -> SSM | Family:
    if not isinstance(name, str):
        raise ModelError(f"a model is an hddm_sbi.SSM or the name of one, not {name!r:.80}.")
    if name not in _MODELS:
        likeness = {model: difflib.SequenceMatcher(None, model, name).ratio() for model in _MODELS}
        close = max(likeness, key=likeness.__getitem__)  # of equally close ones the first
        hint = f"did you mean '{close}'?" if likeness[close] >= 0.6 else f"choose one of {', '.join(_MODELS)}."
        raise ModelError(f"there is no model '{name}'; {hint}")
    return _MODELS[name]


def simulate(model: str | SSM, theta: npt.ArrayLike, n: int = 1, seed: int = 0) -> tuple[FloatArray, IntArray]:
    """Simulate trials.

    Args:
        model: a name from ``list_models()`` or an ``SSM``.
        theta: parameters on their natural scales, in the model's order, shape (..., parameters); a race of
            accumulators has as many as there are drifts.
        n: trials for each parameter vector.
        seed: a non-negative integer; the same seed gives the same trials whatever the number of threads.

    Returns:
        rt in seconds and choice (0 = lower, 1 = upper; in a race the accumulator), each of shape (..., n).

    Raises:
        ModelError: the model is unknown, theta has the wrong number of parameters or a value outside its support, ``n``
            is below one or ``seed`` below zero, the process practically never responds (a strong leak), or a simulator
            of one's own returns what is no trial.

    Example:
        >>> rt, choice = simulate("ddm", [0.5, 1.5, 0.5, 0.3], n=1000, seed=1)
        >>> rt.shape
        (1000,)
    """
    ssm = model_of(model, theta)
    theta = check_theta(ssm, theta)
    n, seed = whole("n", n, 1), whole("seed", seed)
    rows = np.ascontiguousarray(theta.reshape(-1, theta.shape[-1]))
    endless = ssm.endless(rows)
    if endless.any():
        values = ", ".join(f"{name} {x:g}" for name, x in zip(ssm.parameter_names, rows[endless][0], strict=True))
        raise ModelError(
            f"with {values} the model '{ssm.name}' practically never responds: a trial takes {ENDLESS:g} times as long"
            " as usual; choose parameters nearer to those of an experiment."
        )
    rt, choice = _draw(ssm, rows, n, seed)
    return rt.reshape(*theta.shape[:-1], n), choice.reshape(*theta.shape[:-1], n)


def simulate_possible(ssm: SSM, theta: FloatArray, n: int, seed: int) -> tuple[FloatArray, IntArray]:
    """Simulate n trials for each row of ``theta`` that is possible and not endless, with NaN and -1 for the others.

    Returns:
        rt in seconds and choice, each of shape (rows, n).

    Raises:
        ModelError: a simulator of one's own returns what is no trial.
    """
    possible = ssm.possible(theta)
    possible[possible] = ~ssm.endless(theta[possible])
    rt, choice = np.full((len(theta), n), np.nan), np.full((len(theta), n), -1, dtype=np.int64)
    if possible.any():
        rt[possible], choice[possible] = _draw(ssm, theta[possible], n, seed)
    return rt, choice


def one_of_each(ssm: SSM) -> Callable[[FloatArray, int, object], tuple[FloatArray, IntArray]]:
    """The simulator of one trial for each row of theta from a seed, whatever was seen of it: rt and choice, (rows,)."""

    def simulator(theta: FloatArray, seed: int, trials: object) -> tuple[FloatArray, IntArray]:
        rt, choice = simulate_possible(ssm, theta, 1, seed)
        return rt[:, 0], choice[:, 0]

    return simulator


def is_registered(ssm: SSM) -> bool:
    """Whether the simulators are those of the registry's model of the same name, whose symmetries are tested."""
    if ssm.name not in list_models() or ssm.n_choices not in option_counts(ssm.name):
        return False
    known = get_model(ssm.name, ssm.n_choices)
    return known.simulator is ssm.simulator and ssm.ratio_simulator in (None, known.ratio_simulator)


def _draw(ssm: SSM, theta: FloatArray, n: int, seed: int) -> tuple[FloatArray, IntArray]:
    """Draw n trials for each row of ``theta``, and check them where the simulator is not the registry's."""
    return (ssm if is_registered(ssm) else checked(ssm)).simulator(theta, n, seed)


def check_theta(ssm: SSM, theta: npt.ArrayLike) -> FloatArray:
    """Return ``theta`` as a float64 array whose last axis holds values inside the supports.

    Raises:
        ModelError: it is no numbers, or has a wrong number of parameters or a value outside its support.
    """
    array = numbers("theta", theta, _THETA)
    names = ssm.parameter_names
    if array.ndim == 0 or array.shape[-1] != len(names):
        raise ModelError(
            f"theta has shape {array.shape}; the model '{ssm.name}' takes ({', '.join(names)}) along the last axis."
        )
    columns = zip(ssm.parameters, np.moveaxis(array, -1, 0), np.moveaxis(ssm.proportions(array), -1, 0), strict=True)
    for parameter, column, proportions in columns:
        low, high = parameter.support
        bad = ~parameter.contains(proportions)
        if bad.any():
            z = parameter.within
            first, last = parameter.contains(np.array([low, high]))
            ends = f"{'[' if first else '('}{low:g}, {high:g}{']' if last else ')'}"
            needed = f"in {ends}" if z is None else f"at least 0 and below {in_words(z)}"
            raise ModelError(f"{parameter.name} is {column[bad].flat[0]:g}; the model '{ssm.name}' needs it {needed}.")
    return array
