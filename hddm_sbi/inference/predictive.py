"""From posterior draws back to trials: pointwise log densities and simulated experiments, in bounded memory."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from hddm_sbi.errors import HDDMWarning, ModelError
from hddm_sbi.likelihoods.base import Likelihood
from hddm_sbi.spec.linear import natural_parameters
from hddm_sbi.spec.model_spec import ModelSpec
from hddm_sbi.ssm.base import SSM
from hddm_sbi.ssm.registry import simulate_possible

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Coefficients = Mapping[str, FloatArray]

# bytes that theta of one chunk of draws may fill, besides the result
MEMORY = 64 * 2**20
# bytes that one array of draws by trials may fill: draws are left out beyond it
LARGEST_RESULT = 2**30
P_OUTLIER = "p_outlier"


def thinned(coefficients: Coefficients, n_trials: int, largest: int = LARGEST_RESULT) -> Coefficients:
    """Every k-th draw, with the smallest k for which an array of draws by trials fits into so many bytes.

    Says so in a warning where k is not 1.
    """
    chains, draws = _draws(coefficients)
    step = -(-draws // max(1, largest // (8 * chains * max(n_trials, 1))))
    if step == 1:
        return coefficients
    warnings.warn(
        f"{chains * draws} draws of {n_trials} trials need too much memory: one draw in {step} is used.",
        HDDMWarning,
        stacklevel=3,
    )
    return {site: value[:, ::step] for site, value in coefficients.items()}


def pointwise_log_prob(
    spec: ModelSpec,
    likelihood: Likelihood,
    rt: FloatArray,
    choice: IntArray,
    coefficients: Coefficients,
    memory: int = MEMORY,
) -> FloatArray:
    """Log density of each trial under each draw.

    Args:
        spec: the model on the trials.
        likelihood: with the parameters of ``spec``.
        rt: response times in seconds, shape (trials,).
        choice: option index, shape (trials,).
        coefficients: by site, each of shape (chains, draws, *site shape).
        memory: bytes for intermediate results.

    Returns:
        Shape (chains, draws, trials).
    """
    shape = _draws(coefficients)
    result = np.empty((int(np.prod(shape)), len(rt)))
    for part, theta in _chunks(spec, coefficients, memory):
        for at, rows in zip(range(part.start, part.stop), theta, strict=True):
            result[at] = likelihood.log_prob(rt, choice, rows, spec.row)
    return result.reshape(*shape, len(rt))


def predict(
    spec: ModelSpec,
    ssm: SSM,
    coefficients: Coefficients,
    seed: int,
    window: tuple[float, float] | None = None,
    memory: int = MEMORY,
) -> tuple[FloatArray, IntArray]:
    """One simulated experiment for each draw: a trial for each trial of ``spec``.

    With the lapse probability of the trial's parameters the trial is a lapse: uniform over the window of time and over
    the choices.

    Args:
        spec: the model on the trials, or on new data.
        ssm: the process that is simulated.
        coefficients: by site, each of shape (chains, draws, *site shape).
        seed: the same seed gives the same trials, whatever the memory.
        window: of the lapse density in seconds; needed where ``spec`` has the parameter ``p_outlier``.
        memory: bytes for intermediate results.

    Returns:
        rt in seconds and choice, each of shape (chains, draws, trials).

    Raises:
        ModelError: the model has lapses, but there is no window.
    """
    names = [parameter.name for parameter in spec.parameters]
    if P_OUTLIER in names and window is None:
        raise ModelError("a model with p_outlier needs the window of the lapses to simulate trials.")
    shape, n = _draws(coefficients), len(spec.row)
    rt = np.empty((int(np.prod(shape)), n))
    choice = np.empty(rt.shape, dtype=np.int64)
    seeds = np.random.SeedSequence(seed).spawn(len(rt))
    for part, theta in _chunks(spec, coefficients, memory):
        for at, rows in zip(range(part.start, part.stop), theta, strict=True):
            rt[at], choice[at] = simulate_trials(rows[spec.row], names, ssm, seeds[at], window)
    return rt.reshape(*shape, n), choice.reshape(*shape, n)


def simulate_trials(
    theta: FloatArray,
    names: Sequence[str],
    ssm: SSM,
    seed: np.random.SeedSequence,
    window: tuple[float, float] | None = None,
) -> tuple[FloatArray, IntArray]:
    """One trial for each row of theta, lapses included.

    Args:
        theta: natural scale, shape (trials, names).
        names: of its columns; those of the process, and ``p_outlier`` where there are lapses.
        ssm: the process that is simulated.
        seed: of this experiment.
        window: of the lapse density in seconds.

    Returns:
        rt in seconds and choice, each of shape (trials,); NaN and -1 where theta lies outside the model's supports, as
        draws from the prior under an identity link may, or the process practically never responds.
    """
    of_process, of_lapses = seed.spawn(2)
    columns = [names.index(name) for name in ssm.parameter_names]
    number = int(of_process.generate_state(1, np.uint32)[0])
    process = np.ascontiguousarray(theta[:, columns])
    times, choices = simulate_possible(ssm, process, 1, number)
    rt, choice = times[:, 0], choices[:, 0]
    if window is not None and P_OUTLIER in names:
        p = theta[:, names.index(P_OUTLIER)]
        _lapse(rt, choice, p, window, ssm.n_choices, np.random.default_rng(of_lapses))
    return rt, choice


def _lapse(
    rt: FloatArray,
    choice: IntArray,
    p: FloatArray,
    window: tuple[float, float],
    n_choices: int,
    rng: np.random.Generator,
) -> None:
    """Replace trials by lapses, in place."""
    lapse = rng.random(len(rt)) < p
    count = int(lapse.sum())
    rt[lapse] = rng.uniform(*window, count)
    choice[lapse] = rng.integers(0, n_choices, count)


def _draws(coefficients: Coefficients) -> tuple[int, int]:
    chains, draws = next(iter(coefficients.values())).shape[:2]
    return chains, draws


def _chunks(spec: ModelSpec, coefficients: Coefficients, memory: int) -> Iterator[tuple[slice, FloatArray]]:
    """Slices of the flattened draws with their theta, shape (draws in the slice, rows, parameters)."""
    flat = {site: value.reshape(-1, *value.shape[2:]) for site, value in coefficients.items()}
    total = len(next(iter(flat.values())))
    # theta itself, its columns before they are stacked, and a linear predictor on the way
    size = max(1, memory // (8 * 3 * spec.n_rows * len(spec.parameters)))
    for start in range(0, total, size):
        part = slice(start, min(start + size, total))
        theta = natural_parameters(spec, {site: value[part] for site, value in flat.items()})
        yield part, np.broadcast_to(theta, (part.stop - part.start, *theta.shape[-2:]))
