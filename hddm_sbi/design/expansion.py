"""A syntax tree -> the terms that it stands for (Wilkinson & Rogers 1973, Applied Statistics 22, as in R and lme4).

formulae's own algebra fails on ``(1 + x) * g``, ``x - 1`` inside ``(... | g)`` and the like, forgets what ``- x`` takes
away from nothing, and takes numbers and texts for columns; so the terms are built here, from its syntax tree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any

from formulae.expr import Assign, Binary, Grouping, Literal, Unary

from hddm_sbi.design.brackets import Bracket, read_bar
from hddm_sbi.design.calls import COMPARISONS, Component, component, render
from hddm_sbi.design.functions import SPLINES
from hddm_sbi.design.products import Product, Sum, collected, interaction, plus
from hddm_sbi.design.syntax import Source, parse
from hddm_sbi.design.tokens import written


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
    names: dict[tuple[str, tuple[str, ...]], frozenset[Component]] = {}
    for term in terms:
        if term.is_offset and (term.factor or len(term.components) > 1):
            raise source.error(
                f"has the offset in '{term.written}'; an offset has no coefficient: add it as + offset(x)"
            )
        if any(part.name == "Intercept" for part in term.components):
            raise source.error("has 'Intercept'; the intercept is written 1")
        spline = next((part.name for part in term.components if part.callee in SPLINES), None)
        if spline is not None and len(term.components) > 1:
            raise source.error(f"has an interaction of the spline {spline}; write one of bs(x, df=4) instead")
        name = ":".join(part.name for part in term.components)
        if names.setdefault((name, term.factor), frozenset(term.components)) != frozenset(term.components):
            raise source.error(f"has two terms that are both called '{name}'; rename a column")


@dataclass(frozen=True)
class _Expander:
    source: Source

    def sum_of(self, tree: Any) -> Sum:
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
        return collected([Product((component(self.source, tree),))])

    def _literal(self, tree: Any) -> Sum:
        value = tree.value
        if isinstance(value, str):
            raise self.source.error(
                f"has {render(tree)} in quotes; write the name of a column without them, {written(value)}"
            )
        if isinstance(value, bool) or value is None:
            raise self.source.error(f"has the term '{value}'; a column of that name is written in backticks, `{value}`")
        if isinstance(value, int) and value in (0, 1):
            return Sum(intercept=value == 1)
        number = render(tree)
        raise self.source.error(
            f"has the number {number} as a term; leave it out, since coefficients are estimated (a parameter that is a "
            f"constant is {_fixed(self.source, number)}, an intercept 1, and a column of that name is written in "
            f"backticks, `{number}`)"
        )

    def _signed(self, tree: Any) -> Sum:
        if tree.operator.kind == "PLUS":
            return self.sum_of(tree.right)
        terms = self.sum_of(tree.right)
        if terms.products or terms.intercept is None:
            inner = render(tree.right, backticks=True)
            raise self.source.error(f"has '-{inner}' with nothing to take it from; write {inner}, or I(-{inner})")
        return Sum(intercept=not terms.intercept)

    def _binary(self, tree: Any) -> Sum:
        kind = tree.operator.kind
        if kind == "PIPE":
            raise self.source.error("has '|' outside brackets; write (1 | subject)")
        if kind in COMPARISONS:
            raise self.source.error(f"compares outside a function; write I({render(tree, backticks=True)})")
        if kind == "PLUS":
            return plus(self.sum_of(tree.left), self.sum_of(tree.right))
        if kind == "MINUS":
            return self._minus(tree)
        if kind == "STAR_STAR":
            return self._power(tree)
        left, right = self._operand(tree, tree.left), self._operand(tree, tree.right)
        if kind == "COLON":
            return interaction(self.source, left, right)
        if kind == "STAR":
            return plus(plus(left, right), interaction(self.source, left, right))
        within = Product(tuple(part for term in left.products.values() for part in term.components))
        return plus(left, interaction(self.source, collected([within]), right))

    def _minus(self, tree: Any) -> Sum:
        left, right = self.sum_of(tree.left), self.sum_of(tree.right)
        absent = next((term for key, term in right.products.items() if key not in left.products), None)
        if absent is not None:
            raise self.source.error(
                f"takes away '{absent.written}', which is not among the terms before it; leave it out, or write "
                f"I(x - y) for a difference"
            )
        kept = {key: term for key, term in left.products.items() if key not in right.products}
        return Sum(kept, left.intercept if right.intercept is None else not right.intercept)

    def _operand(self, tree: Any, part: Any) -> Sum:
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

    def _power(self, tree: Any) -> Sum:
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
            result = plus(result, interaction(self.source, result, terms))
        return result

    def _bar(self, tree: Any) -> Sum:
        """``(x | g)``: the intercept and x by group of g; ``(x | g / h)``: by g, and by g:h."""
        bar = read_bar(self.source, tree)
        number, shown = _number_in(bar.effects), render(tree)
        if number is not None and number != "1":
            factor = render(bar.groups, backticks=True)
            raise self.source.error(f"has '({shown})'; an intercept by group is written (1 | {factor})")
        effects, factors = self.sum_of(bar.effects), self.sum_of(bar.groups)
        if any(term.factor for term in (*effects.products.values(), *factors.products.values())):
            raise self.source.error(f"has a group term inside '({shown})'; put + between group terms")
        if factors.intercept is not None or not factors.products:
            raise self.source.error(f"groups by a number in '({shown})'; write a column, as in (1 | subject)")
        kept = [*([] if effects.intercept is False else [Product()]), *effects.products.values()]
        if not kept:
            raise self.source.error(f"has nothing that varies by group in '({shown})'; write (1 | ...)")
        named = frozenset(frozenset(effect.components) for effect in kept)
        brackets = [
            Bracket(self._factor(factor), named, bar.block, bar.independent, bar.by, bar.nested)
            for factor in factors.products.values()
        ]
        return collected(Product(effect.components, bracket) for bracket, effect in product(brackets, kept))

    def _factor(self, term: Product) -> tuple[str, ...]:
        for part in term.components:
            if part.call is not None:
                raise self.source.error(f"groups by '{part.name}'; group by a column of the data itself")
        return tuple(part.name for part in term.components)


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
