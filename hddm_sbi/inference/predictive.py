"""From posterior draws back to trials: pointwise log densities and simulated experiments, in bounded memory."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from hddm_sbi._room import room_for
from hddm_sbi.errors import HDDMWarning
from hddm_sbi.likelihoods.observation.bound import BoundTrials
from hddm_sbi.spec.linear import natural_parameters
from hddm_sbi.spec.model_spec import ModelSpec

FloatArray = npt.NDArray[np.float64]
ChoiceArray = npt.NDArray[np.int8]
Coefficients = Mapping[str, FloatArray]

# bytes that theta of one chunk of draws may fill, besides the result
MEMORY = 64 * 2**20
# bytes that one array of draws by trials may fill: draws are left out beyond it
LARGEST_RESULT = 2**30
# Draws of the log likelihood that are kept all the same: of so many, Pareto's k is reliable up to 1 - 1 / log10(1,000),
# or 0.67 (Vehtari, Simpson, Gelman, Yao & Gabry 2024), of 100 only up to 0.5.
FEWEST_FOR_LOO = 1_000


def thinned(coefficients: Coefficients, n_trials: int, largest: int = LARGEST_RESULT, fewest: int = 1) -> Coefficients:
    """Every k-th draw, with the smallest k for which an array of draws by trials fits into so many bytes.

    Says so in a warning where k is not 1.

    Args:
        coefficients: draws by site, each of shape (chains, draws, *site shape).
        n_trials: number of trials.
        largest: number of bytes.
        fewest: draws of all chains that are kept, whatever they take.
    """
    chains, draws = _draws(coefficients)
    step = -(-draws // max(1, largest // (8 * chains * max(n_trials, 1))))
    step = min(step, max(1, chains * draws // fewest))
    if step == 1:
        return coefficients
    warnings.warn(
        f"{chains * draws} draws of {n_trials} trials need too much memory: one draw in {step} is used.",
        HDDMWarning,
        stacklevel=3,
    )
    return {site: value[:, ::step] for site, value in coefficients.items()}


def pointwise_log_prob(
    spec: ModelSpec, likelihood: BoundTrials, coefficients: Coefficients, memory: int = MEMORY
) -> FloatArray:
    """Log probability of what was seen of each trial under each draw.

    Args:
        spec: the model's structure, with the trials' design.
        likelihood: the likelihood of the trials, whose parameters are those of ``spec``.
        coefficients: draws by site, each of shape (chains, draws, *site shape).
        memory: number of bytes that intermediate results may take.

    Returns:
        Shape (chains, draws, trials).
    """
    shape = _draws(coefficients)
    size = (int(np.prod(shape)), likelihood.trials.n)
    result = room_for(8 * size[0] * size[1], "the log likelihoods")(size, np.float64)
    for part, theta in natural_in_chunks(spec, coefficients, memory):
        for at, rows in zip(range(part.start, part.stop), theta, strict=True):
            result[at] = likelihood.log_prob(rows)
    return result.reshape(*shape, likelihood.trials.n)


def predict(
    spec: ModelSpec, likelihood: BoundTrials, coefficients: Coefficients, seed: int, memory: int = MEMORY
) -> tuple[FloatArray, ChoiceArray]:
    """One simulated experiment for each draw: a trial for each trial of ``spec``, seen as the observed ones were.

    Args:
        spec: the model's structure, with the design of the trials or of new data.
        likelihood: the likelihood of these trials, with a simulator; its parameters are those of ``spec``.
        coefficients: draws by site, each of shape (chains, draws, *site shape).
        seed: a non-negative integer; the same seed gives the same trials, whatever the memory.
        memory: number of bytes that intermediate results may take.

    Returns:
        rt in seconds, NaN where none is seen, and choice, -1 where none is, each of shape (chains, draws, trials).
    """
    shape, n = _draws(coefficients), likelihood.trials.n
    size = (int(np.prod(shape)), n)
    array = room_for(9 * size[0] * n, "the predicted trials")
    rt, choice = array(size, np.float64), array(size, np.int8)
    seeds = np.random.SeedSequence(seed).spawn(len(rt))
    for part, theta in natural_in_chunks(spec, coefficients, memory):
        for at, rows in zip(range(part.start, part.stop), theta, strict=True):
            rt[at], choice[at] = likelihood.simulate(rows, seeds[at])
    return rt.reshape(*shape, n), choice.reshape(*shape, n)


def _draws(coefficients: Coefficients) -> tuple[int, int]:
    chains, draws = next(iter(coefficients.values())).shape[:2]
    return chains, draws


def natural_in_chunks(
    spec: ModelSpec, coefficients: Coefficients, memory: int = MEMORY
) -> Iterator[tuple[slice, FloatArray]]:
    """Slices of the flattened draws with their theta on the natural scale, (draws in the slice, rows, parameters)."""
    flat = {site: value.reshape(-1, *value.shape[2:]) for site, value in coefficients.items()}
    total = len(next(iter(flat.values())))
    # theta itself, its columns before they are stacked, and a linear predictor on the way
    size = max(1, memory // (8 * 3 * spec.n_rows * len(spec.parameters)))
    for start in range(0, total, size):
        part = slice(start, min(start + size, total))
        theta = natural_parameters(spec, {site: value[part] for site, value in flat.items()})
        yield part, np.broadcast_to(theta, (part.stop - part.start, *theta.shape[-2:]))
