"""The format of what results say of their model, and how files of earlier formats are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hddm_sbi.errors import DataError
from hddm_sbi.results.saving.arguments import FILE, LIKELIHOOD, written

# The format that is written. Whoever changes what the arguments of a model mean, or a default prior, adds one here.
FORMAT = 1

Model = Mapping[str, Any]

# Arguments that format 0 recorded as they were given.
_AS_GIVEN = (
    "groupby", "formula", "pooling", "random_slopes", "shared", "coding", "stimulus", "rt", "response", "rt_unit",
    "choices", "links", "fixed", "deadline", "truncate", "go", "observed", "contrasts", "correlated", "model",
)  # fmt: skip


def migrated(model: Model, made: int) -> Model:
    """The model as the format of today records it.

    Args:
        model: as a file records it.
        made: the format of that file.
    """
    for number in range(made, FORMAT):
        model = _FROM[number](model)
    return model


def _from_0(model: Model) -> Model:
    """Format 0 had the options that a person reads, without the priors: those are compared when the model is built."""
    found = {name: model[name] for name in _AS_GIVEN if name in model}
    label = str(model["likelihood"])
    known = label in ("exact", "nle")
    found["likelihood"] = label if known else {FILE if label.endswith(".safetensors") else LIKELIHOOD: label}
    for name in ("p_outlier", "lapse_omission"):
        if name in model:
            found[name] = _probability(name, model[name])
    if model.get("lapse") is not None:
        found["lapse"] = written(tuple(model["lapse"]))
    return {**model, "arguments": found}


def _probability(name: str, text: str) -> str | float:
    if text == "estimate":
        return text
    try:
        return float(text)
    except ValueError as error:
        raise DataError(
            f"the file was written before distributions were kept, and {name} was one; build the model as it was "
            "built, with the data, and go on with arviz.from_netcdf(path)."
        ) from error


# from the format to the next
_FROM: dict[int, Callable[[Model], Model]] = {0: _from_0}
