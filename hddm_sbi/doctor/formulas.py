"""What formulas ask of a table: which columns are factors and covariates, and what the model says of the design."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from hddm_sbi.design.formulas import read_formulas
from hddm_sbi.design.tokens import scan
from hddm_sbi.doctor.asked import Asked
from hddm_sbi.errors import HDDMError, HDDMWarning
from hddm_sbi.ssm.registry import get_model
from hddm_sbi.trials.plausibility import Finding as Found
from hddm_sbi.trials.subjects import names_of
from hddm_sbi.trials.trials import Trials


def columns_of(table: pd.DataFrame, asked: Asked) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The columns that the formulas name: factors, numbers, and of these those that stand as they are.

    Numbers of two values are factors; those within a function, ``center(x)``, do not stand as they are.
    """
    texts = asked.formula.values() if isinstance(asked.formula, Mapping) else asked.formula
    functions: dict[str, set[str | None]] = {}
    for text in [texts] if isinstance(texts, str) else texts or ():
        for name, function in _named(str(text)):
            functions.setdefault(name, set()).add(function)
    taken = (*names_of(asked.groupby), asked.rt, asked.response)
    named = [name for name in functions if name in table.columns and name not in taken]
    factors = [name for name in named if "C" in functions[name] or not _is_number(table[name])]
    numbers = [name for name in named if name not in factors]
    return tuple(factors), tuple(numbers), tuple(name for name in numbers if None in functions[name])


def _named(text: str) -> Iterator[tuple[str, str | None]]:
    """The names in a formula, each with the function that it is an argument of."""
    inside: list[str | None] = []
    tokens = scan(text)
    for place, token in enumerate(tokens):
        if token.lexeme == "(":
            before = tokens[place - 1] if place else None
            inside.append(before.lexeme if before is not None and before.kind == "IDENTIFIER" else None)
        elif token.lexeme == ")" and inside:
            inside.pop()
        elif token.kind in ("IDENTIFIER", "BQNAME"):
            function = next((name for name in reversed(inside) if name is not None), None)
            yield token.lexeme.strip("`"), function


def _is_number(column: pd.Series) -> bool:
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    return numeric and column.nunique() > 2


def model_says(trials: Trials, asked: Asked) -> Iterator[Found]:
    """What stops a model with these formulas, or what it warns of, in its own sentences."""
    from hddm_sbi.spec.build import build_spec  # torch takes a while to import, and only formulas need it
    from hddm_sbi.spec.supplied import find_supplied

    everywhere = np.ones(trials.n, dtype=np.bool_)
    options: dict[str, Any] = {"formula": asked.formula, "coding": asked.coding, "stimulus": asked.stimulus}
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", HDDMWarning)
        try:
            ssm = get_model(asked.model, len(trials.options))
            spec, design = build_spec(ssm, trials, **options)
            yield from find_supplied(ssm, spec, design, trials)
        except HDDMError as error:
            yield Found("formula", "error", str(error), everywhere)
    for warning in told:
        if issubclass(warning.category, HDDMWarning):
            yield Found("formula", "warning", str(warning.message), everywhere)


def check_formulas(asked: Asked) -> None:
    """Refuse text that is no formula of the model's.

    Raises:
        FormulaError: says so.
    """
    ssm = get_model(asked.model, max(asked.counts))
    names = [*ssm.parameter_names, *(["v_bias"] if asked.coding == "stimulus" else [])]
    read_formulas(asked.formula, names, model=ssm.name, fixed=())
