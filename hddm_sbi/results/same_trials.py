"""Whether results were drawn from the trials at hand, and if not, what differs, and where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from hddm_sbi.errors import DataError, warn

# Numbers that were written as text and read again are the same to many more digits.
_RELATIVE = 1e-9
_ADVICE = "build the model on the data that were sampled from, in the same order"
# What names a limit, or follows from the columns.
_NOT_OF_A_COLUMN = "design_row"

Groups = Mapping[str, xr.Dataset]


def check_trials(found: Groups, expected: Groups, participant: str | None) -> None:
    """Refuse results of other trials.

    Args:
        found: the groups ``observed_data`` and ``constant_data`` of the results, as far as they are there.
        expected: those of the model.
        participant: the column of the participant, if there is one.

    Raises:
        DataError: another number of trials, other values or another order; names the first trial that differs.
    """
    pairs = [
        (str(name), found[of][name].to_numpy(), expected[of][name].to_numpy())
        for of in expected
        if of in found
        for name in expected[of].data_vars
        if name in found[of] and name != _NOT_OF_A_COLUMN
    ]
    for _, theirs, ours in pairs:
        if len(theirs) != len(ours):
            raise DataError(
                f"the results were drawn from other data: {len(theirs):,} trials, here {len(ours):,}; {_ADVICE}."
            )
    for name, theirs, ours in pairs:
        differ = _differ(theirs, ours)
        if not differ.any():
            continue
        if _same_in_another_order(pairs):
            raise DataError(
                "the results were drawn from the same trials in another order; put the rows of the table into the "
                "order that they had."
            )
        at = int(np.argmax(differ))
        whose = "" if participant in (None, name) else _of(participant, pairs, at)
        raise DataError(
            f"the results were drawn from other data: '{name}' differs in {int(differ.sum()):,} of {len(ours):,} "
            f"trials, first in trial {at + 1:,}{whose}, where it was {_shown(theirs[at])} and is {_shown(ours[at])}; "
            f"{_ADVICE}."
        )


def say_types(found: Groups, expected: Groups, participant: str | None) -> None:
    """Say where participants are numbers in the results and text in the table, or the other way round.

    Warns:
        HDDMWarning: they are; they were matched by how they read.
    """
    name = (participant or "").replace("/", "÷")
    if not all(name in groups.get("constant_data", {}) for groups in (found, expected)):
        return
    numeric = [groups["constant_data"][name].dtype.kind in "iuf" for groups in (found, expected)]
    if numeric[0] != numeric[1]:
        kinds = ["numbers" if of else "text" for of in numeric]
        warn(
            f"participants in '{participant}' were {kinds[0]} in the fit and are {kinds[1]} in the table; they were "
            "matched by how they read."
        )


def same_number(one: Any, other: Any) -> bool:
    """Whether two numbers are the same, in any notation.

    Raises:
        TypeError, ValueError: they are no numbers.
    """
    return bool(np.isclose(float(one), float(other), rtol=_RELATIVE, atol=0.0))


def as_text(label: object) -> str:
    """A label as text, the same for a whole number of any type."""
    value = label.item() if isinstance(label, np.generic) else label
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _of(participant: str | None, pairs: Iterable[tuple[str, Any, Any]], at: int) -> str:
    name = (participant or "").replace("/", "÷")
    return next((f" (participant {as_text(theirs[at])})" for one, theirs, _ in pairs if one == name), "")


def _shown(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float | np.number) else repr(as_text(value))


def _differ(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    if all(array.dtype.kind in "biuf" for array in (one, other)):
        return ~np.isclose(one.astype(np.float64), other.astype(np.float64), rtol=_RELATIVE, atol=0.0, equal_nan=True)
    return np.array([as_text(a) != as_text(b) for a, b in zip(one, other, strict=True)])


def _same_in_another_order(pairs: Iterable[tuple[str, Any, Any]]) -> bool:
    theirs, ours = zip(*((_keys(one), _keys(other)) for _, one, other in pairs), strict=True)
    return Counter(zip(*theirs, strict=True)) == Counter(zip(*ours, strict=True))


def _keys(values: npt.NDArray[Any]) -> list[str]:
    """Of each value, what equal ones have in common."""
    return [f"{value:.8g}" if isinstance(value, float) else as_text(value) for value in values.tolist()]
