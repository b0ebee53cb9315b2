"""What formulas can say that the model does not take up yet: refused, so that nothing is left out without a word."""

from __future__ import annotations

from hddm_sbi.design.design import Design
from hddm_sbi.errors import FormulaError


def refuse_not_sampled(design: Design) -> None:
    """Refuse named blocks, standard deviations by stratum, and offsets.

    Raises:
        FormulaError: names the first of them, with what to write instead.
    """
    for parameter in design.parameters.values():
        the_formula = f"the formula for '{parameter.name}'"
        if parameter.offset_terms:
            raise FormulaError(f"{the_formula} has an offset, which is not estimated with yet; leave it out.")
        for grouped in parameter.group:
            factor = grouped.grouping.factor
            if grouped.block is not None:
                raise FormulaError(
                    f"{the_formula} has effects by '{factor}' that are correlated by the name '{grouped.block}', but "
                    f"effects are independent so far; write one bar, as in (1 | {factor})."
                )
            if grouped.by is not None:
                raise FormulaError(
                    f"{the_formula} has standard deviations by '{grouped.by.column}', but '{factor}' has one for all "
                    f"so far; write (1 | {factor})."
                )
