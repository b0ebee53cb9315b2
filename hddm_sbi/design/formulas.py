"""The user's ``formula`` argument, read into one right-hand side per parameter."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from hddm_sbi.errors import FormulaError

Formula = str | Iterable[str] | Mapping[str, str] | None


def read_formulas(
    formula: Formula, parameters: Collection[str], *, model: str = "ddm", fixed: Collection[str] = ()
) -> dict[str, str]:
    """Right-hand sides by parameter; parameters without a formula are left out.

    Args:
        formula: ``"v ~ conf"``, a list of such strings, or ``{"v": "conf"}``; a leading ``~`` is allowed in the values.
        parameters: names of the model's parameters.
        model: name of the model, for messages.
        fixed: parameters that are constants and so take no formula.

    Raises:
        FormulaError: not a formula, an unknown, repeated or fixed parameter, or nothing to the right of ``~``.
    """
    sides: dict[str, str] = {}
    for text, parameter, rhs in _entries(formula):
        if parameter == "p_outlier":
            raise FormulaError(f"the formula '{text}' is for 'p_outlier', which is one number for all; leave it out.")
        if parameter not in parameters:
            known = ", ".join(parameters)
            raise FormulaError(
                f"the formula '{text}' is for '{parameter}', which is not a parameter of the model '{model}'; "
                f"its parameters are {known}."
            )
        if parameter in fixed:
            raise FormulaError(f"'{parameter}' is fixed, so it cannot have the formula '{text}'; drop one of the two.")
        if parameter in sides:
            raise FormulaError(f"'{parameter}' has more than one formula; write it once, with all its terms.")
        _check_brackets(text, rhs)
        if not rhs:
            raise FormulaError(
                f"the formula '{text}' has nothing to the right of '~'; write '{parameter} ~ 1' at least."
            )
        sides[parameter] = rhs
    return sides


def _check_brackets(text: str, rhs: str) -> None:
    """Refuse what formulae reads otherwise than written: an extra bracket ends it, a bare bar swallows it."""
    depth = 0
    for character in rhs:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            break
        if character == "|" and depth == 0:
            raise FormulaError(f"the formula '{text}' has '|' outside brackets; write (1 | subject).")
    if depth != 0:
        raise FormulaError(f"the formula '{text}' has brackets that do not match; close each one that is opened.")


def _entries(formula: Formula) -> Iterator[tuple[str, str, str]]:
    """Each formula as (its text, the parameter, the right-hand side)."""
    if formula is None:
        return
    if isinstance(formula, Mapping):
        for parameter, text in formula.items():
            yield _split(_text(text), str(parameter).strip())
        return
    if isinstance(formula, str):
        formula = [formula]
    if not isinstance(formula, Iterable):
        raise FormulaError(f"formula must be text, a list of texts or a dictionary, not {formula!r}.")
    for text in formula:
        yield _split(_text(text), None)


def _text(text: object) -> str:
    if not isinstance(text, str):
        raise FormulaError(f"a formula must be text such as 'v ~ conf', not {text!r}.")
    return text.strip()


def _split(text: str, key: str | None) -> tuple[str, str, str]:
    """Cut at the first ``~``; ``key`` is the parameter where a dictionary names it."""
    lhs, tilde, rhs = text.partition("~")
    lhs, rhs = lhs.strip(), rhs.strip()
    if key is None:
        if not tilde or not lhs:
            raise FormulaError(f"the formula '{text}' does not say which parameter it is for; write 'v ~ ...'.")
        return text, lhs, rhs
    if not tilde:
        return f"{key} ~ {text}", key, text
    if lhs not in ("", key):
        raise FormulaError(
            f"the formula '{text}' stands under '{key}' but is for '{lhs}'; name the same parameter twice."
        )
    return f"{key} ~ {rhs}", key, rhs
