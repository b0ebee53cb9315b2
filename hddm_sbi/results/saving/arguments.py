"""The arguments that a model was built with, as JSON that gives the same values back.

Text, numbers, truth values, None, lists and dictionaries with text as keys are themselves. What JSON does not have is a
dictionary with one key, the kind of the value, which begins with ``$``.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch.distributions as td

from hddm_sbi.errors import DataError
from hddm_sbi.results.saving.distributions import read_distribution, written_distribution
from hddm_sbi.ssm.base import SSM
from hddm_sbi.ssm.registry import get_model, is_registered

TUPLE, MAPPING, NUMBER, PRIOR, FILE = "$tuple", "$mapping", "$number", "$distribution", "$path"
# A process or a likelihood of the user's, which is asked for again, and what cannot be written at all.
MODEL, LIKELIHOOD, UNWRITABLE = "$model", "$likelihood", "$unwritable"


def written_arguments(given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of ``HierarchicalDDM``, without the table, as JSON.

    Args:
        given: by name, as the user gave them.
    """
    found = {name: written(value) for name, value in given.items() if name not in ("self", "df", "model", "likelihood")}
    return {"model": _model(given["model"]), "likelihood": _likelihood(given["likelihood"]), **found}


def unwritable(arguments: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The arguments that could not be written: their names, and what they are."""
    for name, value in arguments.items():
        yield from ((name, what) for what in _unwritable(value))


def written(value: Any) -> Any:
    """A value as JSON."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {NUMBER: str(value)}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, td.Distribution):
        found = written_distribution(value)
        return {UNWRITABLE: type(value).__name__} if found is None else {PRIOR: found}
    if isinstance(value, Path):
        return {FILE: str(value)}
    if isinstance(value, tuple):
        return {TUPLE: [written(one) for one in value]}
    if isinstance(value, Mapping):
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {key: written(one) for key, one in value.items()}
        return {MAPPING: [[written(key), written(one)] for key, one in value.items()]}
    if isinstance(value, set | frozenset):
        return sorted((written(one) for one in value), key=str)
    if isinstance(value, Collection):  # a list, an array, a column or an index of pandas
        return [written(one) for one in value]
    return {UNWRITABLE: type(value).__name__}


def read(value: Any) -> Any:
    """The value that ``written`` wrote.

    Raises:
        DataError: it is of a kind that this version does not know.
    """
    if isinstance(value, list):
        return [read(one) for one in value]
    if not isinstance(value, dict):
        return value
    if len(value) != 1 or not next(iter(value)).startswith("$"):
        return {key: read(one) for key, one in value.items()}
    ((kind, content),) = value.items()
    if kind not in _READERS:
        raise DataError(f"the file has a value of the unknown kind '{kind[1:]}'.")
    return _READERS[kind](content)


_READERS: dict[str, Any] = {
    TUPLE: lambda content: tuple(read(one) for one in content),
    MAPPING: lambda content: {read(key): read(one) for key, one in content},
    NUMBER: float,
    PRIOR: read_distribution,
    FILE: Path,
}


def _model(model: str | SSM) -> Any:
    """A process by its name, where that stands for it; one of the user's own by what it declares."""
    if isinstance(model, str):
        return model
    if is_registered(model) and get_model(model.name, model.n_choices) == model:
        return model.name
    return {MODEL: {"name": model.name, "parameters": list(model.parameter_names), "n_choices": model.n_choices}}


def _likelihood(likelihood: Any) -> Any:
    """A likelihood by its name or path; one that is an object by its class."""
    return written(likelihood) if isinstance(likelihood, str | Path) else {LIKELIHOOD: type(likelihood).__name__}


def _unwritable(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if UNWRITABLE in value:
            yield value[UNWRITABLE]
        else:
            for one in value.values():
                yield from _unwritable(one)
    elif isinstance(value, list):
        for one in value:
            yield from _unwritable(one)
