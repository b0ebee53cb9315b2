"""Numbers so far from 0 that the values of a parameter there say nothing about the data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hddm_sbi.design.parts import parts_of
from hddm_sbi.design.terms import Term
from hddm_sbi.errors import FormulaError

# In standard deviations. What is reported for 0 is then this often the effect of one of them: its variance leaves
# sixteen digits less twice these for that at the mean, from which predictions for new groups are drawn.
_FAR = 1e5


def check_origin(parameter: str, terms: Sequence[Term]) -> None:
    """Refuse numbers such as points in time, beside coefficients that would be those at 0.

    Args:
        parameter: whose terms they are.
        terms: population terms, or those of groups.

    Raises:
        FormulaError: names the numbers, and how to centre them.
    """
    if all(term.numeric is not None for term in terms):
        return
    for term in terms:
        for part in parts_of(term):
            if part.values is None or not np.ptp(part.values, axis=0).all():
                continue  # constants are refused as such
            distance = float(np.abs(part.centre / part.scale).max())
            if distance > _FAR:
                raise FormulaError(
                    f"the formula for '{parameter}' has '{part.name}', whose values lie {distance:,.0f} standard "
                    f"deviations from 0, where the other coefficients would be effects; write center({part.name})."
                )
