"""The parts of a term, columns and calls, checked against what formulae would read otherwise than written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from formulae.expr import Assign, Binary, Call, Grouping, Literal, QuotedName, Unary, Variable

from hddm_sbi.design import functions
from hddm_sbi.design.syntax import Source
from hddm_sbi.design.tokens import written

COMPARISONS = frozenset({"EQUAL_EQUAL", "BANG_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"})
_ARITHMETIC = COMPARISONS | {"PLUS", "MINUS", "STAR", "SLASH", "STAR_STAR"}


@dataclass(frozen=True)
class Component:
    """A column or a call: what an interaction is made of.

    Args:
        name: as written, without backticks: ``conf``, ``I(theta / 2)``.
        columns: columns of the data in it, in order.
        call: the syntax tree of a call, None for a column.
    """

    name: str
    columns: tuple[str, ...]
    call: Any = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Component) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[str, bool]:
        return self.name, self.call is None

    @property
    def written(self) -> str:
        """As a formula writes it, with backticks."""
        return written(self.name) if self.call is None else render(self.call, backticks=True)

    @property
    def callee(self) -> str | None:
        """The function of a call."""
        return None if self.call is None else str(self.call.callee.name.lexeme)


def column(tree: Any) -> str | None:
    """The column that a syntax tree names, None for all else."""
    if isinstance(tree, Variable):
        return str(tree.name.lexeme)
    return str(tree.expression.lexeme[1:-1]) if isinstance(tree, QuotedName) else None


def component(source: Source, tree: Any) -> Component:
    """A column or a call as a component.

    Raises:
        FormulaError: a level in brackets, an unknown function, or arithmetic that formulae reads otherwise.
    """
    if isinstance(tree, Call):
        _check(source, tree, outer=None)
        columns = tuple(dict.fromkeys(_columns(tree)))
        if not columns:
            raise source.error(f"has the term '{render(tree)}', which names no column; leave it out")
        return Component(render(tree), columns, tree)
    _check(source, tree, outer=None)
    name = column(tree)
    assert name is not None
    return Component(name, (name,))


def levels_named(tree: Any) -> Iterator[tuple[str, object]]:
    """Levels in a call with the column that should have them: of ``C(stim, Treatment('WW'))``, ``I(stim == 'WW')``."""
    if isinstance(tree, Binary) and tree.operator.kind in ("EQUAL_EQUAL", "BANG_EQUAL"):
        sides = (_inner(tree.left), _inner(tree.right))
        for named, value in (sides, sides[::-1]):
            name = column(named)
            if name is not None and isinstance(value, Literal) and isinstance(value.value, str):
                yield name, value.value
    if isinstance(tree, Call) and tree.args and _callee(tree) in functions.LEVELLED:
        name = column(tree.args[0])
        for argument in tree.args[1:] if name is not None else ():
            yield from ((str(name), value) for value in _values(argument, _callee(tree) != "C"))
    for child in _children(tree):
        yield from levels_named(child)


def callees(tree: Any) -> tuple[str, ...]:
    """The functions called in a tree, contrasts left out."""
    own = [str(_callee(tree))] if isinstance(tree, Call) else []
    names = [*own, *(name for child in _children(tree) for name in callees(child))]
    return tuple(dict.fromkeys(name for name in names if name not in functions.CONTRASTS))


def render(tree: Any, *, backticks: bool = False) -> str:
    """A syntax tree as text."""

    def text(child: Any) -> str:
        return render(child, backticks=backticks)

    if isinstance(tree, Grouping):
        return f"({text(tree.expression)})"
    if isinstance(tree, Binary):
        gap = "" if tree.operator.kind == "COLON" else " "
        symbol = "**" if tree.operator.kind == "STAR_STAR" else tree.operator.lexeme
        return f"{text(tree.left)}{gap}{symbol}{gap}{text(tree.right)}"
    if isinstance(tree, Unary):
        return f"{tree.operator.lexeme}{text(tree.right)}"
    if isinstance(tree, Assign):
        return f"{text(tree.name)}={text(tree.value)}"
    if isinstance(tree, Call):
        return f"{text(tree.callee)}({', '.join(text(argument) for argument in tree.args)})"
    if isinstance(tree, Literal):
        return str(tree.value if tree.lexeme is None else tree.lexeme)
    if isinstance(tree, QuotedName):
        return written(str(column(tree))) if backticks else str(column(tree))
    return str(tree.name.lexeme) + ("" if tree.level is None else f"[{text(tree.level)}]")


def _check(source: Source, tree: Any, outer: str | None) -> None:
    """Check a call or what stands inside it; ``outer`` is the function whose argument it is."""
    if isinstance(tree, Call):
        _check_call(source, tree, outer)
    elif isinstance(tree, Variable) and tree.level is not None:
        raise source.error(f"has '{render(tree)}'; a comparison with a level is written {_compared(tree)}")
    elif isinstance(tree, Binary):
        _check_arithmetic(source, tree)
    for child in _children(tree):
        _check(source, child, _callee(tree) if isinstance(tree, Call) else outer)


def _check_call(source: Source, tree: Any, outer: str | None) -> None:
    name = _callee(tree)
    if name is None or (name not in functions.NAMES and any(_is(argument, {"PIPE"}) for argument in tree.args)):
        raise source.error(f"has '{render(tree)}'; an operator such as + is missing before '('")
    contrast = name in functions.CONTRASTS and outer == "C"
    if name == functions.OFFSET and outer is not None:
        raise source.error(f"has '{render(tree)}' inside a function; an offset is a term of its own, offset(x)")
    if name not in functions.NAMES and not contrast:
        raise source.error(functions.unknown(name))
    keywords = [argument.name.name.lexeme for argument in tree.args if isinstance(argument, Assign)]
    repeated = next((keyword for keyword in keywords if keywords.count(keyword) > 1), None)
    if repeated is not None:
        raise source.error(f"gives '{repeated}' more than once in '{render(tree)}'; write it once")
    if name in functions.BY_PARTICIPANT and (len(tree.args) != 1 or keywords):
        raise source.error(f"has '{render(tree)}'; write {name}(x), of the participant's own x")
    if name == "I" and keywords:
        raise source.error(f"has '=' in '{render(tree)}'; a comparison is written {keywords[0]} == 'level'")
    if contrast or name in functions.LEVELLED:
        for argument in tree.args[0 if contrast else 1 :]:
            _check_level(source, name, argument)


def _check_level(source: Source, name: str, argument: Any) -> None:
    """A level stands in quotes, or is a number; C takes contrasts alone."""
    value = argument.value if isinstance(argument, Assign) else argument
    if name == "C":
        callee = _callee(value) if isinstance(value, Call) else column(value)
        if callee is None or callee not in functions.CONTRASTS:
            raise source.error(
                f"has '{render(argument)}' in C(), where only a contrast can stand; write {functions.usage('C')}"
            )
    elif not isinstance(_number_or_text(value), Literal):
        raise source.error(f"has '{render(argument)}' in {name}(); write the level in quotes: '{render(value)}'")


def _check_arithmetic(source: Source, tree: Any) -> None:
    kind, symbol = tree.operator.kind, tree.operator.lexeme
    if kind not in _ARITHMETIC:
        advice = "multiply conditions, as in I((x > 0) * (y > 0))" if kind == "PIPE" else "write it outside"
        raise source.error(f"has '{render(tree)}' inside a function, where '{symbol}' means nothing; {advice}")
    # formulae reads -x ** 2 as (-x) ** 2, a ** b ** c from the left, and a < x < b as (a < x) < b
    if kind == "STAR_STAR" and (isinstance(tree.left, Unary) or _is(tree.left, {"STAR_STAR"})):
        raise source.error(f"has '{render(tree)}', which can be read in two ways; put brackets around the inner part")
    if kind in COMPARISONS and _is(tree.left, COMPARISONS):
        raise source.error(f"has '{render(tree)}'; write one comparison at a time, as in I((0 < x) * (x < 1))")


def _columns(tree: Any) -> Iterator[str]:
    name = column(tree)
    if name is not None:
        yield name
    if isinstance(tree, Call) and _callee(tree) == "C":
        # what follows the first argument is a contrast, not a column
        yield from _columns(tree.args[0]) if tree.args else ()
        return
    for child in _children(tree):
        yield from _columns(child)


def _children(tree: Any) -> tuple[Any, ...]:
    if isinstance(tree, Grouping):
        return (tree.expression,)
    if isinstance(tree, Binary):
        return tree.left, tree.right
    if isinstance(tree, Unary):
        return (tree.right,)
    if isinstance(tree, Assign):
        return (tree.value,)
    return tuple(tree.args) if isinstance(tree, Call) else ()


def _callee(tree: Any) -> str | None:
    plain = isinstance(tree.callee, Variable) and tree.callee.level is None
    return str(tree.callee.name.lexeme) if plain else None


def _values(argument: Any, direct: bool) -> Iterator[object]:
    """Values of the literals in an argument; for C only of those inside a contrast."""
    argument = _inner(argument.value if isinstance(argument, Assign) else argument)
    literal = _number_or_text(argument)
    if isinstance(literal, Literal) and direct and literal.value is not None:
        yield literal.value if literal is argument else -literal.value
    if isinstance(argument, Call):
        for inner in argument.args:
            yield from _values(inner, True)


def _inner(tree: Any) -> Any:
    while isinstance(tree, Grouping):
        tree = tree.expression
    return tree


def _number_or_text(tree: Any) -> Any:
    """The literal in a tree such as ``'left'``, ``2`` or ``-2``; other trees as they are."""
    tree = _inner(tree)
    if isinstance(tree, Unary) and tree.operator.kind == "MINUS":
        literal = _inner(tree.right)
        return literal if isinstance(literal, Literal) and isinstance(literal.value, int | float) else tree
    return tree


def _is(tree: Any, kinds: frozenset[str] | set[str]) -> bool:
    return isinstance(tree, Binary) and tree.operator.kind in kinds


def _compared(tree: Any) -> str:
    level = tree.level.value
    return f"I({tree.name.lexeme} == '{level}')"
