"""Draws that a model is given, sampled now or read from a file: whether they are draws of this model."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from hddm_sbi.errors import DataError
from hddm_sbi.results.same_trials import as_text, check_trials, same_number
from hddm_sbi.results.to_arviz import Results, group, has_group, recorded_model
from hddm_sbi.spec.group_block import blocks_of
from hddm_sbi.spec.model_spec import ModelSpec
from hddm_sbi.spec.recoding import to_sampled
from hddm_sbi.trials.columns import listed

FloatArray = npt.NDArray[np.float64]

SAMPLE_DIMS = ("chain", "draw")
# Options that, beside the formulas, say what a coefficient means, and those that only say which posterior was sampled.
_MEANING = ("model", "links", "stimulus", "contrasts")
_POSTERIOR = ("priors", "correlated", "lapse", "deadline", "truncate", "go", "observed")
_OF_TRIALS = ("observed_data", "constant_data")


def given_coefficients(
    idata: Results, spec: ModelSpec, expected: xr.Dataset, options: Mapping[str, object]
) -> dict[str, FloatArray]:
    """The coefficients as they are sampled, by site, with groups and levels in this model's order.

    Args:
        idata: what ``sample`` returned, or the same read from a file.
        spec: the model's structure.
        expected: a posterior of the model, of any number of draws, with its labels.
        options: the model as the user stated it.

    Returns:
        Arrays of shape (chains, draws, *site shape).

    Raises:
        DataError: these are draws of another model, or of other participants or levels.
    """
    posterior = group(idata, "posterior")
    names = [term.reported.variable for _, term in spec.common_terms()]
    for _, term in spec.group_terms():
        names += [term.reported.variable] if term.sd_prior is None else [term.sd_variable, term.reported.variable]
    names += [one.correlation.posterior_variable for block in blocks_of(spec) for one in block.sets]
    missing = [name for name in names if name not in posterior]
    if missing:
        raise DataError(f"the results have no variable '{missing[0]}': they belong to another model.")
    _check_options(idata, options, _MEANING)
    return to_sampled(spec, {name: _aligned(posterior[name], expected[name]) for name in names})


def check_origin(
    idata: Results,
    expected: Mapping[str, xr.Dataset],
    options: Mapping[str, object],
    likelihood: str,
    weights: str | None,
) -> None:
    """Refuse draws from another posterior, as far as the results say where they come from.

    Args:
        idata: what ``sample`` returned, or the same read from a file.
        expected: the groups ``observed_data`` and ``constant_data`` of this model.
        options: the model as the user stated it.
        likelihood: label of this model's likelihood.
        weights: sha256 of its network's weights; None without a network.

    Raises:
        DataError: other options, another likelihood or network, or other trials.
    """
    check_trials(trials_of(idata), trials_of(expected), participant_of(options))
    _check_options(idata, options, _POSTERIOR)
    drawn_with, drawn_weights = idata.attrs.get("likelihood", likelihood), idata.attrs.get("weights_sha256")
    advice = "build the model with the likelihood that they were drawn with"
    if weights and drawn_weights:
        if weights != drawn_weights:  # the same file may have several paths
            raise DataError(
                f"the results were drawn with another network, '{drawn_with}' (sha256 {drawn_weights:.12}), than this "
                f"model's, '{likelihood}' (sha256 {weights:.12}); {advice}."
            )
    elif drawn_with != likelihood:
        raise DataError(
            f"the results were drawn with the likelihood '{drawn_with}', but this model has '{likelihood}'; {advice}."
        )


def trials_of(results: Results | Mapping[str, xr.Dataset]) -> dict[str, xr.Dataset]:
    """What results, or a model's own groups, say of the trials, as far as they do."""
    if isinstance(results, dict):
        return {name: results[name] for name in _OF_TRIALS}
    return {name: group(results, name) for name in _OF_TRIALS if has_group(results, name)}


def participant_of(options: Mapping[str, object]) -> str | None:
    """The column of the participant, that of several columns together as results have it."""
    groupby = options["groupby"]
    return groupby if groupby is None or isinstance(groupby, str) else ":".join(map(str, groupby))  # type: ignore[call-overload]


def _check_options(idata: Results, options: Mapping[str, object], names: Iterable[str]) -> None:
    recorded = recorded_model(idata)
    stated = json.loads(json.dumps(options, default=str))
    for name in names:
        if not _same(recorded.get(name, stated[name]), stated[name]):
            theirs, ours = _difference(recorded[name], stated[name])
            raise DataError(
                f"the results belong to another model: they were drawn with {name} {theirs}, but this model has "
                f"{ours}; build it as it was sampled."
            )
    formulas = recorded.get("equations", {})
    for parameter, formula in stated["equations"].items():
        if formulas.get(parameter, formula) != formula:
            raise DataError(
                f"the results belong to another model: they were drawn with '{parameter} ~ {formulas[parameter]}', "
                f"but this model has '{parameter} ~ {formula}'."
            )
    further = [parameter for parameter in formulas if parameter not in stated["equations"]]
    if further:
        raise DataError(
            f"the results belong to another model: they were drawn with '{further[0]}', which this model does not "
            "have; build it as it was sampled."
        )


def _difference(one: Any, other: Any) -> tuple[Any, Any]:
    """What differs between two options: of dictionaries the entries alone."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return one, other
    keys = [key for key in {**one, **other} if key not in one or key not in other or not _same(one[key], other[key])]
    theirs, ours = ({key: side[key] for key in keys if key in side} for side in (one, other))
    return theirs, ours


def _same(one: Any, other: Any) -> bool:
    """Whether two options are the same, numbers in any notation."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    try:
        return same_number(one, other)
    except (TypeError, ValueError):
        return bool(one == other)


def _aligned(found: xr.DataArray, expected: xr.DataArray) -> FloatArray:
    """The values with dimensions and labels in the order of ``expected``."""
    if set(found.dims) != set(expected.dims):
        raise DataError(
            f"the results belong to another model: '{found.name}' has the dimensions {listed(found.dims)}, where this "
            f"model has {listed(expected.dims)}."
        )
    for dim in expected.dims:
        if dim not in SAMPLE_DIMS:
            at = _positions(found, expected, str(dim))
            if at != list(range(len(at))):  # a copy, of all draws
                found = found.isel({dim: at})
    return found.transpose(*expected.dims).to_numpy()


def _positions(found: xr.DataArray, expected: xr.DataArray, dim: str) -> list[int]:
    """Where along ``dim`` the labels of ``expected`` are; they may have come back with another type."""
    theirs, ours = ([as_text(label) for label in array[dim].to_numpy()] for array in (found, expected))
    if theirs == ours:
        return list(range(len(ours)))
    at = {label: position for position, label in enumerate(theirs)}
    if len(at) < len(theirs) or sorted(theirs) != sorted(ours):
        raise DataError(
            f"the results belong to another model: along '{dim}' they have {listed(found[dim].to_numpy())}, where "
            f"this model has {listed(expected[dim].to_numpy())}; build it on the data that were sampled from."
        )
    return [at[label] for label in ours]
