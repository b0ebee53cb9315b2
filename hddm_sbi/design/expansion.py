"""A syntax tree -> the terms that it stands for (Wilkinson & Rogers 1973, Applied Statistics 22, as in R and lme4).

formulae's own algebra fails on ``(1 + x) * g``, ``x - 1`` inside ``(... | g)`` and the like, forgets what ``- x`` takes
away from nothing, and takes numbers and texts for columns; so the terms are built here, from its syntax tree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from formulae.expr import Assign, Binary, Grouping, Literal, Unary

from hddm_sbi.design.calls import COMPARISONS, Component, component, render
from hddm_sbi.design.functions import SPLINES
from hddm_sbi.design.syntax import Source, parse
from hddm_sbi.design.tokens import written

_MANY_TERMS = 10_000


@dataclass(frozen=True)
class Product:
    """An interaction of components; without any it is the intercept.

    Args:
        components: columns and calls, in the order written.
        factor: columns whose combination is the grouping factor; empty for population terms.
    """

    components: tuple[Component, ...] = ()
    factor: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the data in it, those of the grouping factor included."""
        return (*(name for part in self.components for name in part.columns), *self.factor)

    @property
    def key(self) -> tuple[frozenset[Component], frozenset[str]]:
        """What makes a term the same: a:b is b:a."""
        return frozenset(self.components), frozenset(self.factor)


@dataclass(frozen=True)
class _Sum:
    """Terms in order, and what was said about the intercept: True, False, or None for nothing."""

    products: dict[Any, Product] = field(default_factory=dict)
    intercept: bool | None = None

    @property
    def elements(self) -> list[Product]:
        """All terms, the intercept first where there is one."""
        return [*([Product()] if self.intercept else []), *self.products.values()]


def read(source: Source) -> tuple[Product, ...]:
    """The terms of a right-hand side, population terms first, an intercept unless it is taken away with 0 or - 1.

    Raises:
        FormulaError: what cannot be read, or has no meaning as a term; says which term to write instead.
    """
    tree = parse(source)
    expander = _Expander(source)
    if _number_in(tree) not in (None, "0", "1"):
        number = "".join(source.rhs.split())
        raise source.error(
            f"has no terms but the number {number}; a constant is {_fixed(source, number)}, not a formula, and a "
            f"column of that name is written in backticks, `{number}`"
        )
    try:
        terms = expander.sum_of(tree)
    except RecursionError:
        raise source.error("has too many terms or brackets inside each other; write it with fewer") from None
    _check_terms(source, terms.products.values())
    population = [term for term in terms.products.values() if not term.factor]
    group = [term for term in terms.products.values() if term.factor]
    intercept = [] if terms.intercept is False else [Product()]
    return (*intercept, *population, *group)


def _check_terms(source: Source, terms: Iterable[Product]) -> None:
    names: dict[tuple[str, tuple[str, ...]], Product] = {}
    for term in terms:
        if any(part.name == "Intercept" for part in term.components):
            raise source.error("has 'Intercept'; the intercept is written 1")
        spline = next((part.name for part in term.components if part.callee in SPLINES), None)
        if spline is not None and len(term.components) > 1:
            raise source.error(f"has an interaction of the spline {spline}; write one of bs(x, df=4) instead")
        name = ":".join(part.name for part in term.components)
        if names.setdefault((name, term.factor), term) is not term:
            raise source.error(f"has two terms that are both called '{name}'; rename a column")


@dataclass(frozen=True)
class _Expander:
    source: Source

    def sum_of(self, tree: Any) -> _Sum:
        """The terms of any part of the formula."""
        if isinstance(tree, Grouping):
            inner = tree.expression
            return self._bar(inner) if _kind(inner) == "PIPE" else self.sum_of(inner)
        if isinstance(tree, Literal):
            return self._literal(tree)
        if isinstance(tree, Unary):
            return self._signed(tree)
        if isinstance(tree, Binary):
            return self._binary(tree)
        if isinstance(tree, Assign):
            raise self.source.error(f"has '{render(tree)}', but '=' has no meaning between terms")
        return _collected([Product((component(self.source, tree),))])

    def _literal(self, tree: Any) -> _Sum:
        value = tree.value
        if isinstance(value, str):
            raise self.source.error(
                f"has {render(tree)} in quotes; write the name of a column without them, {written(value)}"
            )
        if isinstance(value, bool) or value is None:
            raise self.source.error(f"has the term '{value}'; a column of that name is written in backticks, `{value}`")
        if isinstance(value, int) and value in (0, 1):
            return _Sum(intercept=value == 1)
        number = render(tree)
        raise self.source.error(
            f"has the number {number} as a term; leave it out, since coefficients are estimated (a parameter that is a "
            f"constant is {_fixed(self.source, number)}, an intercept 1, and a column of that name is written in "
            f"backticks, `{number}`)"
        )

    def _signed(self, tree: Any) -> _Sum:
        if tree.operator.kind == "PLUS":
            return self.sum_of(tree.right)
        terms = self.sum_of(tree.right)
        if terms.products or terms.intercept is None:
            inner = render(tree.right, backticks=True)
            raise self.source.error(f"has '-{inner}' with nothing to take it from; write {inner}, or I(-{inner})")
        return _Sum(intercept=not terms.intercept)

    def _binary(self, tree: Any) -> _Sum:
        kind = tree.operator.kind
        if kind == "PIPE":
            raise self.source.error("has '|' outside brackets; write (1 | subject)")
        if kind in COMPARISONS:
            raise self.source.error(f"compares outside a function; write I({render(tree, backticks=True)})")
        if kind == "PLUS":
            return _plus(self.sum_of(tree.left), self.sum_of(tree.right))
        if kind == "MINUS":
            return self._minus(tree)
        if kind == "STAR_STAR":
            return self._power(tree)
        left, right = self._operand(tree, tree.left), self._operand(tree, tree.right)
        if kind == "COLON":
            return _interaction(self.source, left, right)
        if kind == "STAR":
            return _plus(_plus(left, right), _interaction(self.source, left, right))
        within = Product(tuple(part for term in left.products.values() for part in term.components))
        return _plus(left, _interaction(self.source, _collected([within]), right))

    def _minus(self, tree: Any) -> _Sum:
        left, right = self.sum_of(tree.left), self.sum_of(tree.right)
        absent = next((term for key, term in right.products.items() if key not in left.products), None)
        if absent is not None:
            raise self.source.error(
                f"takes away '{_written(absent)}', which is not among the terms before it; leave it out, or write "
                f"I(x - y) for a difference"
            )
        kept = {key: term for key, term in left.products.items() if key not in right.products}
        return _Sum(kept, left.intercept if right.intercept is None else not right.intercept)

    def _operand(self, tree: Any, part: Any) -> _Sum:
        """One side of an interaction: columns and calls, no numbers, no group terms."""
        symbol, whole = tree.operator.lexeme, render(tree, backticks=True)
        number = _number_in(part)
        if number is not None:
            other = render(tree.left if part is tree.right else tree.right, backticks=True)
            advice = f"write {other}" + ("" if symbol == ":" else f", or I({whole}) to compute with it")
            raise self.source.error(f"has the number {number} in '{whole}', where '{symbol}' joins columns; {advice}")
        terms = self.sum_of(part)
        bar = next((term for term in terms.products.values() if term.factor), None)
        if bar is not None:
            raise self.source.error(
                f"has a group term in '{whole}', where '{symbol}' joins columns; put what varies by group inside the "
                f"brackets, as in (1 + x | {':'.join(bar.factor)})"
            )
        if terms.intercept is False:
            raise self.source.error(f"takes the intercept away inside '{whole}'; write 0 + at the start of the formula")
        return terms

    def _power(self, tree: Any) -> _Sum:
        whole, exponent = render(tree, backticks=True), tree.right
        if _kind(tree.left) == "STAR_STAR":
            raise self.source.error(f"has '{whole}', which can be read in two ways; put brackets around the inner part")
        terms = self._operand(tree, tree.left)
        if len(terms.products) < 2:
            # a power of one term is the term itself, which nobody means
            raise self.source.error(
                f"cannot be read: Exponentiation of a column is computed inside I(); write I({whole})"
            )
        value = exponent.value if isinstance(exponent, Literal) else None
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.source.error(f"has '{whole}', where the power is the highest order of interactions; write ** 2")
        result = terms
        for _ in range(min(value, len(terms.products)) - 1):  # higher powers add nothing
            result = _plus(result, _interaction(self.source, result, terms))
        return result

    def _bar(self, tree: Any) -> _Sum:
        """``(x | g)``: the intercept and x by group of g; ``(x | g / h)``: by g, and by g:h."""
        if _kind(tree.left) == "PIPE":
            raise self.source.error(
                f"has '({render(tree)})' with more than one '|'; group effects are independent of each other, so write "
                f"({render(tree.left.left, backticks=True)} | {render(tree.right, backticks=True)})"
            )
        number = _number_in(tree.left)
        if number is not None and number != "1":
            factor = render(tree.right, backticks=True)
            raise self.source.error(f"has '({render(tree)})'; an intercept by group is written (1 | {factor})")
        effects, factors = self.sum_of(tree.left), self.sum_of(tree.right)
        if any(term.factor for term in (*effects.products.values(), *factors.products.values())):
            raise self.source.error(f"has a group term inside '({render(tree)})'; put + between group terms")
        if factors.intercept is not None or not factors.products:
            raise self.source.error(f"groups by a number in '({render(tree)})'; write a column, as in (1 | subject)")
        kept = [*([] if effects.intercept is False else [Product()]), *effects.products.values()]
        if not kept:
            raise self.source.error(f"has nothing that varies by group in '({render(tree)})'; write (1 | ...)")
        groups = [self._factor(factor) for factor in factors.products.values()]
        return _collected(Product(effect.components, group) for group, effect in product(groups, kept))

    def _factor(self, term: Product) -> tuple[str, ...]:
        for part in term.components:
            if part.call is not None:
                raise self.source.error(f"groups by '{part.name}'; group by a column of the data itself")
        return tuple(part.name for part in term.components)


def _collected(products: Iterable[Product]) -> _Sum:
    """A sum of terms, each once; the empty product is the intercept."""
    found: dict[Any, Product] = {}
    for term in products:
        found.setdefault(term.key, term)
    intercept = found.pop(Product().key, None)
    return _Sum(found, None if intercept is None else True)


def _plus(left: _Sum, right: _Sum) -> _Sum:
    intercept = left.intercept if right.intercept is None else right.intercept
    added = {key: term for key, term in right.products.items() if key not in left.products}
    return _Sum({**left.products, **added}, intercept)


def _interaction(source: Source, left: _Sum, right: _Sum) -> _Sum:
    if len(left.elements) * len(right.elements) > _MANY_TERMS:
        raise source.error(f"stands for more than {_MANY_TERMS:,} terms; write those that you need")
    pairs = product(left.elements, right.elements)
    return _collected(Product(tuple(dict.fromkeys((*a.components, *b.components)))) for a, b in pairs)


def _kind(tree: Any) -> str | None:
    return str(tree.operator.kind) if isinstance(tree, Binary) else None


def _number_in(tree: Any) -> str | None:
    """The number that a part is, signed or in brackets."""
    while isinstance(tree, Grouping | Unary):
        tree = tree.expression if isinstance(tree, Grouping) else tree.right
    number = isinstance(tree, Literal) and isinstance(tree.value, int | float) and not isinstance(tree.value, bool)
    return render(tree) if number else None


def _fixed(source: Source, number: str) -> str:
    return f'fixed={{"{source.parameter}": {number}}}'


def _written(term: Product) -> str:
    effects = ":".join(part.written for part in term.components) or "1"
    return f"({effects} | {':'.join(map(written, term.factor))})" if term.factor else effects
