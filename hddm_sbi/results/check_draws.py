"""Draws that a model is given, sampled now or read from a file: whether they are draws of this model."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from hddm_sbi.errors import DataError
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
# Numbers that were written as text and read again are the same to many more digits.
_RELATIVE = 1e-9


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
    for name in ("observed_data", "constant_data"):
        if has_group(idata, name):
            _check_trials(group(idata, name), expected[name])
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
        return math.isclose(float(one), float(other), rel_tol=_RELATIVE)
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
    theirs, ours = ([_text(label) for label in array[dim].to_numpy()] for array in (found, expected))
    if theirs == ours:
        return list(range(len(ours)))
    at = {label: position for position, label in enumerate(theirs)}
    if len(at) < len(theirs) or sorted(theirs) != sorted(ours):
        raise DataError(
            f"the results belong to another model: along '{dim}' they have {listed(found[dim].to_numpy())}, where "
            f"this model has {listed(expected[dim].to_numpy())}; build it on the data that were sampled from."
        )
    return [at[label] for label in ours]


def _text(label: object) -> str:
    """A label as text, the same for a whole number of any type."""
    value = label.item() if isinstance(label, np.generic) else label
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _check_trials(found: xr.Dataset, expected: xr.Dataset) -> None:
    advice = "build the model on the data that were sampled from, in the same order"
    theirs, ours = found.sizes.get("trial"), expected.sizes["trial"]
    if theirs != ours:
        raise DataError(f"the results were drawn from other data: {theirs} trials, here {ours}; {advice}.")
    for name in expected.data_vars:
        if name == "design_row" or name not in found:  # the rows follow from the columns
            continue
        differ = int(_differ(found[name].to_numpy(), expected[name].to_numpy()).sum())
        if differ:
            raise DataError(
                f"the results were drawn from other data: '{name}' differs in {differ:,} of {ours:,} trials; {advice}."
            )


def _differ(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    if all(array.dtype.kind in "biuf" for array in (one, other)):
        return ~np.isclose(one.astype(np.float64), other.astype(np.float64), rtol=_RELATIVE, atol=0.0, equal_nan=True)
    return np.array([_text(a) != _text(b) for a, b in zip(one, other, strict=True)])
