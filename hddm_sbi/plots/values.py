"""Values of a model's parameters from what a user gives: an array, names, or a result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hddm_sbi.errors import DataError, ModelError
from hddm_sbi.plots.estimates import CONDITION, SAMPLE_DIMS, draws_of
from hddm_sbi.results.to_arviz import Results, recorded_model
from hddm_sbi.ssm.base import SSM, FloatArray
from hddm_sbi.ssm.registry import check_theta, get_model, is_family, model_of, option_counts
from hddm_sbi.trials.columns import listed


def theta_of(model: str | SSM, theta: Any, condition: str | None = None) -> tuple[SSM, FloatArray]:
    """The model, and one value for each of its parameters.

    Args:
        model: a name from ``list_models()``, or an ``SSM``.
        theta: values in the model's order, or by name, or a result, of whose typical participant they are then taken.
        condition: of a result, the condition.

    Raises:
        ModelError: the model is unknown, or values do not fit it.
        DataError: a result lacks a parameter, or the condition.
    """
    # InferenceData is a mapping, too
    if hasattr(theta, "children") or callable(getattr(theta, "groups", None)):
        choices = recorded_model(theta).get("choices") or ()
        ssm = get_model(model, len(choices)) if is_family(model) and choices else get_model(model)
        values = _typical(ssm, theta, condition)
    elif isinstance(theta, Mapping):
        ssm = _by_names(model, theta)
        values = np.array([theta[name] for name in ssm.parameter_names], dtype=object)
    else:
        ssm, values = model_of(model, theta), theta
    checked = check_theta(ssm, values)
    if checked.ndim != 1:
        raise ModelError(f"theta has shape {checked.shape}; a picture is of one value for each parameter.")
    return ssm, checked


def _by_names(model: str | SSM, theta: Mapping[str, Any]) -> SSM:
    """The model whose parameters have these names.

    Raises:
        ModelError: it has others.
    """
    members = [get_model(model, count) for count in option_counts(model)] if is_family(model) else [get_model(model)]
    for ssm in members:
        if set(ssm.parameter_names) == set(theta):
            return ssm
    ssm = members[0]
    missing = [name for name in ssm.parameter_names if name not in theta]
    named = f"names no '{missing[0]}'" if missing else f"has {listed(theta)}"
    raise ModelError(f"theta {named}; the parameters of the model '{ssm.name}' are {', '.join(ssm.parameter_names)}.")


def _typical(ssm: SSM, idata: Results, condition: str | None) -> FloatArray:
    """The mean of the typical participant's values; what the model fixed is recorded as its formula.

    Raises:
        DataError: a parameter or the condition is not there.
    """
    posterior, equations = draws_of(idata), recorded_model(idata).get("equations", {})
    values = []
    for name in ssm.parameter_names:
        if name not in posterior:
            try:
                values.append(float(equations[name]))
            except (KeyError, ValueError):
                raise DataError(
                    f"the results have no typical value of '{name}'; give theta as {{'{name}': value, ...}}."
                ) from None
            continue
        mean = posterior[name].mean(SAMPLE_DIMS)
        if CONDITION in mean.dims:
            labels = [str(label) for label in mean[CONDITION].to_numpy()]
            if condition not in labels:
                raise DataError(
                    f"'{name}' differs between conditions, and condition is {condition!r}; choose one of "
                    f"{listed(labels)}."
                )
            mean = mean.isel({CONDITION: labels.index(str(condition))})
        values.append(float(mean))
    return np.array(values)
