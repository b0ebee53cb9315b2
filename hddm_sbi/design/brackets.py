"""What stands in ``(effects | groups)``: which effects, by which groups, and how they go together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from formulae.expr import Assign, Binary, Call, Grouping, Literal, Variable

from hddm_sbi.design.calls import Component, column, render
from hddm_sbi.design.syntax import Source

_TRUTH = {"True": True, "TRUE": True, "False": False, "FALSE": False}


@dataclass(frozen=True)
class Bracket:
    """One bracket of group effects, as in lme4 coded on its own and independent of other brackets.

    Args:
        factor: columns whose combination is the grouping factor.
        effects: the components of each effect in it, the intercept without any.
        block: brms' ``|p|``: the effects of all brackets with this name and factor are correlated with each other.
        independent: whether they are said to be independent, by ``||``.
        by: column within whose levels sds are apart, by ``gr(subject, by=group)``.
        nested: whether the factor comes from ``outer / inner``.
    """

    factor: tuple[str, ...]
    effects: frozenset[frozenset[Component]] = frozenset()
    block: str | None = None
    independent: bool = False
    by: str | None = None
    nested: bool = field(default=False, compare=False)

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes a bracket the same: a:b is b:a."""
        return frozenset(self.factor), self.effects, *self.covariance

    @property
    def covariance(self) -> tuple[Any, ...]:
        """What it says about the covariance of its effects."""
        return self.block, self.independent, self.by

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the data that it names, those of its effects left out."""
        return self.factor if self.by is None else (*self.factor, self.by)


@dataclass(frozen=True)
class Bar:
    """The syntax tree of a bracket, taken apart."""

    effects: Any
    groups: Any
    block: str | None = None
    independent: bool = False
    by: str | None = None

    @property
    def nested(self) -> bool:
        """Whether groups are nested by ``/``."""
        return _is(_inner(self.groups), "SLASH")


def read_bar(source: Source, tree: Any) -> Bar:
    """``(x | g)``, ``(x || g)``, ``(x |p| g)``, and ``gr(g, by=...)`` in place of ``g``.

    Raises:
        FormulaError: bars that say nothing together, or arguments that gr does not have here.
    """
    effects, block = tree.left, None
    independent = tree.operator.lexeme == "||"
    if _is(effects, "PIPE"):
        block = _name(effects.right)
        if independent or effects.operator.lexeme == "||" or _is(effects.left, "PIPE") or block is None:
            inside, groups = effects.left, render(tree.right, backticks=True)
            while _is(inside, "PIPE"):
                inside = inside.left
            inside = render(inside, backticks=True)
            raise source.error(
                f"has '({render(tree)})', whose bars say nothing together; write ({inside} || {groups}) for "
                f"independent effects, or ({inside} |p| {groups}) for effects that are correlated "
                "with all that have the name p"
            )
        effects = effects.left
    groups = _inner(tree.right)
    if isinstance(groups, Call) and column(groups.callee) == "gr":
        return _of_gr(source, groups, Bar(effects, None, block, independent))
    return Bar(effects, tree.right, block, independent)


def _of_gr(source: Source, call: Call, bar: Bar) -> Bar:
    given = {a.name.name.lexeme: a.value for a in call.args if isinstance(a, Assign)}
    groups = [argument for argument in call.args if not isinstance(argument, Assign)]
    unknown = next((name for name in given if name not in ("by", "cor", "id")), None)
    shown = render(call, backticks=True)
    if unknown is not None or len(groups) != 1:
        problem = "which needs one column to group by" if unknown is None else f"but '{unknown}' cannot be said here"
        raise source.error(f"has '{shown}', {problem}; write gr(subject), gr(subject, by=group) or gr(subject, id='p')")
    by, block, independent = None, bar.block, bar.independent
    if "by" in given:
        by = column(_inner(given["by"]))
        if by is None:
            raise source.error(f"has '{shown}', where by is no column; write gr(subject, by=group)")
    if "cor" in given:
        truth = _TRUTH.get(render(given["cor"]))
        if truth is None:
            raise source.error(f"has '{shown}', where cor is neither True nor False; write gr(subject, cor=False)")
        independent = independent or not truth
    if "id" in given:
        block = _name(given["id"])
    if independent and block is not None:
        raise source.error(f"has '{shown}' with a name for effects that are independent; leave one of the two out")
    return Bar(bar.effects, groups[0], block, independent, by)


def _name(tree: Any) -> str | None:
    """The name of a block: a word, a number or a text."""
    tree = _inner(tree)
    if isinstance(tree, Literal) and isinstance(tree.value, int | str) and not isinstance(tree.value, bool):
        return str(tree.value)
    return column(tree) if not isinstance(tree, Variable) or tree.level is None else None


def _inner(tree: Any) -> Any:
    while isinstance(tree, Grouping):
        tree = tree.expression
    return tree


def _is(tree: Any, kind: str) -> bool:
    return isinstance(tree, Binary) and bool(tree.operator.kind == kind)
