"""The user's ``formula`` argument, read into one right-hand side per parameter."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from hddm_sbi.design.tokens import Token, scan
from hddm_sbi.errors import FormulaError
from hddm_sbi.likelihoods.observation.lapses import LAPSE_PARAMETERS

Formula = str | Iterable[str] | Mapping[str, str] | None


def read_formulas(
    formula: Formula, parameters: Collection[str], *, model: str = "ddm", fixed: Collection[str] = ()
) -> dict[str, str]:
    """Right-hand sides by parameter; parameters without a formula are left out.

    Args:
        formula: ``"v ~ conf"``, a list of such strings, or ``{"v": "conf"}``; a leading ``~`` is allowed in the values.
            A string may hold the formulas of several parameters, separated by commas, semicolons or new lines.
        parameters: names of the model's parameters.
        model: name of the model, for messages.
        fixed: parameters that are constants and so take no formula.

    Raises:
        FormulaError: not a formula, an unknown, repeated or fixed parameter, or nothing to the right of ``~``.
    """
    sides: dict[str, str] = {}
    for text, parameter, rhs in _entries(formula):
        if parameter in LAPSE_PARAMETERS:
            raise FormulaError(f"the formula '{text}' is for '{parameter}', which is one number for all; leave it out.")
        if parameter not in parameters:
            known = ", ".join(parameters) + ("" if parameter.isidentifier() else "; write one formula for each")
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
    """Refuse brackets that do not match, and a bar outside them."""
    tokens = scan(rhs)
    if tokens[-1].depth or any(token.depth < 0 for token in tokens):
        raise FormulaError(f"the formula '{text}' has brackets that do not match; close each one that is opened.")
    bars = [token.start for token in tokens if token.lexeme in ("|", "||") and not token.depth]
    if bars:
        pluses = [token.start for token in tokens if token.kind == "PLUS" and not token.depth]
        start = max((plus + 1 for plus in pluses if plus < bars[0]), default=0)
        end = min((plus for plus in pluses if plus > bars[0]), default=len(rhs))
        term = " ".join(rhs[start:end].split())
        shown = f"({term})" if len(bars) == 1 and "(" not in term else "(1 | subject)"
        raise FormulaError(f"the formula '{text}' has '|' outside brackets; write {shown}.")


def _entries(formula: Formula) -> Iterator[tuple[str, str, str]]:
    """Each formula as (its text, the parameter, the right-hand side)."""
    if formula is None:
        return
    if isinstance(formula, Mapping):
        for parameter, text in formula.items():
            yield _under(str(parameter).strip(), _text(text))
        return
    if isinstance(formula, str):
        formula = [formula]
    if not isinstance(formula, Iterable):
        raise FormulaError(f"formula must be text, a list of texts or a dictionary, not {formula!r}.")
    for text in formula:
        yield from _formulas(_text(text))


def _text(text: object) -> str:
    if not isinstance(text, str):
        raise FormulaError(f"a formula must be text such as 'v ~ conf', not {text!r}.")
    return text.strip()


def _under(key: str, text: str) -> tuple[str, str, str]:
    """A formula that a dictionary has under the name of its parameter; it may name the parameter again."""
    tilde = next((token.start for token in scan(text) if token.kind == "TILDE"), None)
    if tilde is None:
        return f"{key} ~ {text}", key, text
    lhs, rhs = text[:tilde].strip(), text[tilde + 1 :].strip()
    if lhs not in ("", key):
        raise FormulaError(
            f"the formula '{text}' stands under '{key}' but is for '{lhs}'; name the same parameter twice."
        )
    return f"{key} ~ {rhs}", key, rhs


def _formulas(text: str) -> Iterator[tuple[str, str, str]]:
    """The formulas in a text: each later one starts with a separator, a name and ``~``."""
    tokens = scan(text)
    tildes = [position for position, token in enumerate(tokens) if token.kind == "TILDE"]
    shown = " ".join(text.split())
    if not tildes or not text[: tokens[tildes[0]].start].strip():
        raise FormulaError(f"the formula '{shown}' does not say which parameter it is for; write 'v ~ ...'.")
    for position in tildes[1:]:
        if not _starts_formula(text, tokens, position):
            raise FormulaError(f"the formula '{shown}' has more than one '~'; {_separated(text, tokens, position)}.")
    starts = [0, *(tokens[position - 1].start for position in tildes[1:]), len(text)]
    for position, start, end in zip(tildes, starts, starts[1:], strict=False):
        tilde = tokens[position].start
        rhs = text[tilde + 1 : end].strip()
        if end < len(text):
            # the separator belongs to neither formula
            rhs = rhs.removesuffix(",") if rhs.endswith(",") else rhs.removesuffix(";")
        lhs, rhs = text[start:tilde].strip(), rhs.strip()
        yield " ".join(f"{lhs} ~ {rhs}".split()), lhs, rhs


def _starts_formula(text: str, tokens: Sequence[Token], tilde: int) -> bool:
    """Whether a name that follows a comma, a semicolon or a new line stands before a ``~`` outside brackets."""
    if tilde < 2 or tokens[tilde].depth or tokens[tilde - 1].kind != "IDENTIFIER":
        return False
    name, before = tokens[tilde - 1], tokens[tilde - 2]
    return before.lexeme in (",", ";") or "\n" in text[before.start + len(before.lexeme) : name.start]


def _separated(text: str, tokens: Sequence[Token], tilde: int) -> str:
    """How to separate the formulas around a ``~`` that has no separator before it."""
    name = tokens[tilde - 1]
    if name.kind != "IDENTIFIER" or tokens[tilde].depth or tilde < 2 or tokens[tilde - 2].kind == "TILDE":
        return "write one '~' for each parameter, in a list of formulas"
    before, after = " ".join(text[: name.start].split()), " ".join(text[name.start :].split())
    return f'if \'{name.lexeme}\' is the next parameter, write a list: ["{before}", "{after}"]'
