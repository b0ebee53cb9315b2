"""What the user says of a table: the options by which a model would read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.ssm.base import SSM
from hddm_sbi.ssm.registry import option_counts
from hddm_sbi.trials.columns import check_table, get_column
from hddm_sbi.trials.limits import read_truncation
from hddm_sbi.trials.observed import BOTH, sees_times
from hddm_sbi.trials.reading import check_arguments
from hddm_sbi.trials.subjects import GroupBy, names_of

# More levels than this are a measurement, not conditions.
_MOST_LEVELS = 50


@dataclass(frozen=True)
class Asked:
    """The options of ``HierarchicalDDM`` that say how a table is read; see there."""

    groupby: GroupBy = None
    formula: Any = None
    model: str | SSM = "ddm"
    coding: str = "response"
    stimulus: str | Mapping[str, Mapping[Any, Any]] | None = None
    rt: str = "rt"
    response: str = "response"
    rt_unit: str = "s"
    choices: Sequence[object] | None = None
    deadline: float | str | None = None
    truncate: tuple[float | str | None, float | str | None] | None = None
    go: object = None
    observed: str | Sequence[str] = BOTH
    conditions: tuple[str, ...] = ()

    @property
    def counts(self) -> tuple[int, ...]:
        """The numbers of options that the model may have."""
        return option_counts(self.model)

    @property
    def reading(self) -> dict[str, Any]:
        """The options of ``record``."""
        names = ("groupby", "rt", "response", "rt_unit", "coding", "choices", "deadline", "truncate", "go", "observed")
        return {name: getattr(self, name) for name in names}

    @property
    def read(self) -> tuple[str, ...]:
        """The columns that are read as something."""
        limits = (self.deadline, *(self.truncate or ()))
        named = (*names_of(self.groupby), self.rt, self.response, *(one for one in limits if isinstance(one, str)))
        return tuple(dict.fromkeys(named))


def check_asked(df: object, asked: Asked) -> pd.DataFrame:
    """The table, where the options name columns that it has: what is wrong with these is no finding.

    Raises:
        HDDMError: names the option.
    """
    table = check_table(df)
    check_arguments(
        rt=asked.rt, response=asked.response, rt_unit=asked.rt_unit, groupby=asked.groupby, coding=asked.coding,
        deadline=asked.deadline, go=asked.go, observed=asked.observed,
    )  # fmt: skip
    if not asked.counts:
        raise DataError("the model has no options.")
    if sees_times(asked.observed):
        get_column(table, asked.rt, "rt")
    get_column(table, asked.response, "response")
    for name in names_of(asked.groupby):
        get_column(table, name, "groupby")
    if isinstance(asked.deadline, str):
        get_column(table, asked.deadline, "deadline")
    if asked.truncate is not None:
        read_truncation(table.head(0), _columns_alone(asked.truncate), asked.rt_unit, new=True)
    for name in asked.conditions:
        levels = get_column(table, name, "conditions").astype(str).nunique()
        if levels > _MOST_LEVELS:
            raise DataError(
                f"column '{name}' of conditions has {levels:,} different values, which are no conditions; leave it "
                "out, or name it in a formula, where it is a number."
            )
    return table


def _columns_alone(truncate: Any) -> Any:
    """Its shape and columns, which must be there; whether its values make sense is a finding."""
    if not isinstance(truncate, (tuple, list)):
        return truncate
    return tuple(end if isinstance(end, str) else None for end in truncate)
