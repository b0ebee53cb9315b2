"""Offsets: terms whose coefficient is 1, on the link scale, so that nothing is estimated."""

from __future__ import annotations

import pandas as pd
from formulae.expr import Assign, Call, Variable

from hddm_sbi.design.calls import Component, column, component, render
from hddm_sbi.design.contrasts import AS_FORMULAE
from hddm_sbi.design.evaluation import is_factor
from hddm_sbi.design.products import Product
from hddm_sbi.design.syntax import Source
from hddm_sbi.design.terms import Term, evaluated
from hddm_sbi.design.tokens import Token


def offset_term(source: Source, part: Component, prepared: pd.DataFrame) -> Term:
    """The column that ``offset(...)`` adds.

    Raises:
        FormulaError: it has not one argument, labels instead of numbers, or infinite or undefined values.
    """
    arguments = part.call.args
    if len(arguments) != 1 or isinstance(arguments[0], Assign):
        raise source.error(f"has '{part.name}'; an offset has one argument, as in offset(x) or offset(np.log(x))")
    tree = arguments[0]
    if not isinstance(tree, Call) and column(tree) is None:
        tree = Call(Variable(Token("IDENTIFIER", "I", 0, 0)), [tree])  # arithmetic is that of I()
    inner = component(source, tree)
    (term,) = evaluated(source, [Product((inner,))], prepared, AS_FORMULAE)
    if is_factor(inner, prepared) or term.matrix.shape[1] != 1:
        raise source.error(f"has '{part.name}', but an offset is one number a trial, and '{render(tree)}' is none")
    return term
