"""Components on data: evaluated by formulae, and explained in our own words where that fails."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from formulae.environment import Environment
from formulae.terms.call import Call
from formulae.terms.call_resolver import CallResolver, LazyVariable
from formulae.terms.variable import Variable

from hddm_sbi.design import functions
from hddm_sbi.design.calls import Component, callees, levels_named
from hddm_sbi.design.coded import CodedCall, CodedVariable, coding_of
from hddm_sbi.design.columns import Columns
from hddm_sbi.design.contrasts import Contrasts
from hddm_sbi.design.syntax import Source
from hddm_sbi.design.tokens import written
from hddm_sbi.design.within_between import PARTICIPANT
from hddm_sbi.errors import DataError, FormulaError

ENVIRONMENT = Environment([functions.FUNCTIONS])


class _Resolver(CallResolver):
    """Resolves calls to the functions that are ours."""

    def visitCallExpr(self, expr: Any) -> Any:
        """The call, with the name under which its function is found."""
        call = super().visitCallExpr(expr)
        if call.callee in functions.BY_PARTICIPANT:
            call.args.append(LazyVariable(PARTICIPANT))
        call.callee = functions.OWN.get(call.callee, call.callee)
        return call


def formulae_component(part: Component, contrasts: Contrasts | None = None) -> Any:
    """A new formulae component, which will remember what its transforms learn from the data, and its coding."""
    if part.call is None:
        made: CodedVariable | CodedCall = CodedVariable(part.name)
    else:
        made = CodedCall(_Resolver(part.call).resolve())
        made.name = part.name  # formulae drops the brackets: I((x + y) / 2) would be called I(x + y / 2)
    made.coding = None if contrasts is None else coding_of(part, contrasts)
    return made


def is_factor(part: Component, prepared: pd.DataFrame) -> bool:
    """Whether a component has levels instead of numbers."""
    component = formulae_component(part)
    _set_type(component, prepared)
    return bool(component.kind == "categoric")


def _set_type(component: Any, prepared: pd.DataFrame) -> None:
    component.set_type(*([prepared] if isinstance(component, Variable) else [prepared, ENVIRONMENT]))


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep formulae from printing; what is infinite or undefined is refused by name later."""
    with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        yield


def lacking_backticks(source: Source, columns: Iterable[object]) -> FormulaError | None:
    """The error for a column such as ``2back`` or ``my col`` that the formula names without backticks, if there is."""
    for name in sorted((name for name in columns if isinstance(name, str)), key=len, reverse=True):
        lacking = written(name) != name and name in source.rhs.replace(f"`{name}`", "")
        if lacking and re.search(r"[^\W\d]", name):
            return source.error(f"names the column '{name}', which needs backticks; write `{name}`")
    return None


def check_levels(source: Source, part: Component, columns: Columns, prepared: pd.DataFrame) -> None:
    """Refuse a level that its column does not have.

    Raises:
        FormulaError: as in ``C(stim, Treatment('WX'))`` or ``I(stim == 'WX')`` where no trial has 'WX'.
    """
    for name, level in levels_named(part.call):
        levels = columns.levels[name] or tuple(np.unique(prepared[name]).tolist())
        if level not in levels:
            listed = ", ".join(repr(value) for value in levels[:10]) + (", ..." if len(levels) > 10 else "")
            raise source.error(f"names {level!r} in '{part.name}', which is no level of '{name}'; there are {listed}")


def failure(source: Source, parts: Iterable[Component], prepared: pd.DataFrame) -> FormulaError:
    """Why the parts of a formula could not be evaluated, found by trying each alone."""
    for part in parts:
        component = formulae_component(part)
        try:
            with quiet():
                _set_type(component, prepared)
                component.set_data(True)
                component.set_data(False)
        except Exception:
            return _failed(source, part, prepared)
        if component.kind == "categoric" and len(component.levels) == 1:
            return FormulaError(
                f"the term '{part.name}' of '{source.parameter}' has the same level on all trials, so it has no effect "
                "to estimate; drop it."
            )
    return source.error("cannot be evaluated on these data; try it with fewer terms")


def _failed(source: Source, part: Component, prepared: pd.DataFrame) -> FormulaError:
    labels = [name for name in part.columns if isinstance(prepared[name].dtype, pd.CategoricalDtype)]
    names = callees(part.call)
    if labels and not functions.LEVELLED.intersection(names):
        return FormulaError(
            f"the term '{part.name}' of '{source.parameter}' computes with '{labels[0]}', which holds labels, not "
            f"numbers; write C({labels[0]}), or I({labels[0]} == '{prepared[labels[0]].iloc[0]}') for a comparison."
        )
    usage = ", ".join(functions.usage(name) for name in names)
    return FormulaError(f"the term '{part.name}' of '{source.parameter}' cannot be evaluated; write it as in {usage}.")


def evaluate_new(term: Any, prepared: pd.DataFrame) -> Any:
    """Columns of an evaluated formulae term on other rows.

    Raises:
        DataError: a level that was not in the data, or values of another kind.
    """
    try:
        with quiet():
            return term.eval_new_data(prepared)
    except Exception as error:
        raise _unseen(term, prepared) from error


def _unseen(term: Any, prepared: pd.DataFrame) -> DataError:
    for component in term.components:
        if isinstance(component, Call) and component.kind == "categoric":
            with contextlib.suppress(Exception), quiet():
                values = component.call.eval(prepared, component.env)
                unseen = [value for value in getattr(values, "data", values) if value not in component.levels]
                if unseen:
                    return DataError(
                        f"'{component.name}' has the level '{unseen[0]}', which was not in the data that the model was "
                        f"built on; its levels are {', '.join(str(level) for level in component.levels)}."
                    )
    return DataError(
        f"the term '{term.name}' cannot be evaluated on the new data; give its columns the kind of values that they "
        "had when the model was built."
    )
