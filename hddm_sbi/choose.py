"""From what the user asks for to a likelihood: exact, pretrained, a checkpoint, or a trained estimator."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from torch import nn

from hddm_sbi.errors import HDDMWarning, ModelError
from hddm_sbi.likelihoods.base import Density, FloatArray, Likelihood
from hddm_sbi.likelihoods.formulas import get_exact
from hddm_sbi.likelihoods.neural.likelihood import FirstPassageLikelihood
from hddm_sbi.likelihoods.neural.network import FirstPassageNetwork
from hddm_sbi.likelihoods.observation.given import GivenDensity
from hddm_sbi.ssm.base import SSM, numbers
from hddm_sbi.ssm.registry import check_theta, is_family, is_registered, list_models, model_of
from hddm_sbi.weights.checkpoint import load_network, sha256
from hddm_sbi.weights.store import pretrained_path

if TYPE_CHECKING:
    from sbi.neural_nets.estimators.base import ConditionalDensityEstimator


@dataclass(frozen=True)
class Chosen:
    """A density and where it comes from.

    Args:
        density: the density of the process.
        label: ``"exact"``, ``"nle"``, a path, or the type of the estimator.
        box: range of each parameter on which its network was trained, (parameters, 2); None where nothing was trained
            or the range is not known.
        weights: sha256 of the weights' file, or of the weights themselves; None without a network.
    """

    density: Density
    label: str
    box: FloatArray | None = None
    weights: str | None = None


def choose_likelihood(ssm: SSM, likelihood: str | Path | ConditionalDensityEstimator) -> Chosen:
    """The likelihood of a model.

    Args:
        ssm: the model.
        likelihood: ``"exact"``, ``"nle"``, the path of a checkpoint, or a trained sbi estimator of (rt, choice).

    Raises:
        ModelError: the model has no such likelihood, or the network is for another model.
        WeightsError: the weights are damaged.
    """
    if not isinstance(likelihood, str | Path):
        return _of_object(ssm, likelihood)
    if likelihood == "exact":
        return Chosen(get_exact(ssm), "exact")
    if likelihood == "nle":
        if ssm.name in list_models() and not is_registered(ssm):
            raise ModelError(
                f"the model '{ssm.name}' has a simulator of its own, on which the network of the registry's "
                f"'{ssm.name}' was not trained; give it another name and train a network for it, train_nle(...)."
            )
        if is_registered(ssm) and is_family(ssm.name):
            raise ModelError(
                f"there is no network for the model '{ssm.name}', whose density has a formula; use likelihood='exact'."
            )
        path = pretrained_path(ssm.name)
    elif isinstance(likelihood, Path) or str(likelihood).endswith(".safetensors"):
        path = Path(likelihood)
    else:
        raise _unknown(likelihood)
    return _of_network(ssm, load_network(path, ssm.name), str(likelihood), sha256(path))


def _of_object(ssm: SSM, estimator: object) -> Chosen:
    label = type(estimator).__name__
    card = getattr(estimator, "card", None)  # an estimator of this package's knows what it was trained for
    trained_for = card.get("model", ssm.name) if isinstance(card, dict) else ssm.name
    if trained_for != ssm.name:
        raise ModelError(
            f"the network '{label}' was trained for the model '{trained_for}', not for '{ssm.name}'; give one that was "
            "trained for this model."
        )
    if isinstance(estimator, FirstPassageNetwork):
        return _of_network(ssm, estimator, label, _weights_sha256(estimator))
    if isinstance(estimator, type) and hasattr(estimator, "bind"):
        raise ModelError(
            f"likelihood is the class {estimator.__name__} itself; give an object of it, {estimator.__name__}(...)."
        )
    if isinstance(estimator, Likelihood):
        return _of_likelihood(ssm, estimator, label)
    # sbi takes seconds to import; who has an estimator of sbi's has imported it
    from sbi.neural_nets.estimators.base import ConditionalDensityEstimator

    if not isinstance(estimator, ConditionalDensityEstimator):
        raise _unknown(estimator)
    from hddm_sbi.likelihoods.neural.generic import EstimatorLikelihood

    likelihood = EstimatorLikelihood(estimator, ssm.parameter_names, ssm.n_choices)
    return Chosen(likelihood, label, weights=_weights_sha256(estimator))


def _weights_sha256(network: nn.Module) -> str:
    """Of all numbers of a network that is no file, by their names."""
    found = hashlib.sha256()
    for name, value in sorted(network.state_dict().items()):
        found.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        found.update(value.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()


def _of_likelihood(ssm: SSM, likelihood: Likelihood, label: str) -> Chosen:
    """A likelihood of the user's own, if it is one of the model."""
    if tuple(likelihood.parameters) != ssm.parameter_names or likelihood.n_choices != ssm.n_choices:
        raise ModelError(
            f"the likelihood '{label}' has the parameters {', '.join(map(str, likelihood.parameters))} and "
            f"{likelihood.n_choices} choices, but the model '{ssm.name}' has {', '.join(ssm.parameter_names)} and "
            f"{ssm.n_choices}; give one for this model."
        )
    return Chosen(GivenDensity(likelihood), label)


def _unknown(likelihood: object) -> ModelError:
    return ModelError(
        f"likelihood is {likelihood!r:.80}; give 'nle', 'exact', the path of a .safetensors file, a trained sbi "
        "estimator or an object that satisfies hs.Likelihood."
    )


def _of_network(ssm: SSM, network: FirstPassageNetwork, label: str, weights: str | None) -> Chosen:
    if network.canonical.names != ssm.parameter_names or network.canonical.n_choices != ssm.n_choices:
        raise ModelError(
            f"the network '{label}' is for the parameters {', '.join(network.canonical.names)}, but the model "
            f"'{ssm.name}' has {', '.join(ssm.parameter_names)}; give weights for this model."
        )
    return Chosen(FirstPassageLikelihood(network), label, np.array(network.canonical.box), weights)


def log_likelihood(
    model: str | SSM,
    rt: npt.ArrayLike,
    choice: npt.ArrayLike,
    theta: npt.ArrayLike,
    kind: str | Path | ConditionalDensityEstimator = "exact",
) -> FloatArray:
    """Log density of trials.

    Args:
        model: a name from ``list_models()`` or an ``SSM``.
        rt: response times in seconds.
        choice: option index, 0 = lower, 1 = upper; in a race the accumulator.
        theta: natural-scale parameters, (..., parameters); its leading shape broadcasts against rt and choice. A
            race of accumulators has as many as there are drifts.
        kind: ``"exact"``, ``"nle"``, a path or an estimator, as in ``HierarchicalDDM``.

    Returns:
        The broadcast shape; -inf where the density is zero, never NaN.

    Raises:
        ModelError: unknown model or likelihood, rt or choice that are no numbers, shapes that do not broadcast, or
            theta outside its support.

    Warns:
        HDDMWarning: theta outside the range that a network was trained on.

    Example:
        >>> log_likelihood("ddm", [0.6, 0.9], [1, 0], [0.5, 1.5, 0.5, 0.3]).round(3)
        array([-0.002, -1.432])
    """
    ssm = model_of(model, theta)
    parameters = check_theta(ssm, theta)
    chosen = choose_likelihood(ssm, kind)
    if chosen.box is not None:
        _warn_outside(ssm, ssm.proportions(parameters).reshape(-1, len(ssm.parameters)), chosen.box)
    times = numbers("rt", rt, "response times in seconds")
    options = numbers("choice", choice, "the options by number, 0 = lower, 1 = upper")
    leading = parameters.shape[:-1]
    try:
        shape = np.broadcast_shapes(times.shape, options.shape, leading)
    except ValueError as error:
        raise ModelError(
            f"rt {times.shape}, choice {options.shape} and the leading shape of theta {leading} do not broadcast."
        ) from error
    rows = np.ascontiguousarray(parameters.reshape(-1, parameters.shape[-1]))
    row = np.broadcast_to(np.arange(len(rows)).reshape(leading), shape).reshape(-1)
    # a choice that is no whole number, or one too large for an index, is no choice
    codes = np.where((options == np.round(options)) & (np.abs(options) < 2**31), options, -1)
    return chosen.density.log_prob(
        np.ascontiguousarray(np.broadcast_to(times, shape).reshape(-1)),
        np.ascontiguousarray(np.broadcast_to(codes, shape).reshape(-1), dtype=np.int64),
        rows,
        np.ascontiguousarray(row),
    ).reshape(shape)


def _warn_outside(ssm: SSM, proportions: FloatArray, box: FloatArray) -> None:
    """Warn of parameter vectors, (rows, parameters), outside the box of a network, with widths as proportions."""
    outside = (proportions < box[:, 0]) | (proportions > box[:, 1])
    count = int(outside.any(axis=1).sum())
    if count == 0:
        return
    worst = int(np.argmax(outside.sum(axis=0)))
    low, high = box[worst]
    share = f"{count:,} of {len(outside):,} parameter vectors lie" if len(outside) > 1 else "theta lies"
    name = ssm.parameter_names[worst]
    width = "" if ssm.parameters[worst].within is None else " of its room"
    warnings.warn(
        f"{share} outside the range that the network was trained on, mainly in '{name}', {low:g} to {high:g}{width}: "
        "the density there is a guess; use a formula where there is one, kind='exact', or a network for a wider range.",
        HDDMWarning,
        stacklevel=3,
    )
