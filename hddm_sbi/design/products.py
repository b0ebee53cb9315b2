"""Terms and sums of terms, and what the operators of a formula make of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from hddm_sbi.design.brackets import Bracket
from hddm_sbi.design.calls import Component
from hddm_sbi.design.functions import OFFSET
from hddm_sbi.design.syntax import Source
from hddm_sbi.design.tokens import written

_MANY_TERMS = 10_000


@dataclass(frozen=True)
class Product:
    """An interaction of components; without any it is the intercept.

    Args:
        components: columns and calls, in the order written.
        bracket: that it stands in; None for population terms.
    """

    components: tuple[Component, ...] = ()
    bracket: Bracket | None = None

    @property
    def factor(self) -> tuple[str, ...]:
        """Columns whose combination is the grouping factor; empty for population terms."""
        return () if self.bracket is None else self.bracket.factor

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the data in it, those of its bracket included."""
        of_bracket = () if self.bracket is None else self.bracket.columns
        return (*(name for part in self.components for name in part.columns), *of_bracket)

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes a term the same: a:b is b:a."""
        return frozenset(self.components), None if self.bracket is None else self.bracket.key

    @property
    def is_offset(self) -> bool:
        """Whether it has no coefficient."""
        return any(part.callee == OFFSET for part in self.components)

    @property
    def written(self) -> str:
        """As a formula writes it, alone: ``conf:stim``, ``(1 | subject)``."""
        effects = ":".join(part.written for part in self.components) or "1"
        return f"({effects} | {':'.join(map(written, self.factor))})" if self.factor else effects


@dataclass(frozen=True)
class Sum:
    """Terms in order, and what was said about the intercept: True, False, or None for nothing."""

    products: dict[Any, Product] = field(default_factory=dict)
    intercept: bool | None = None

    @property
    def elements(self) -> list[Product]:
        """All terms, the intercept first where there is one."""
        return [*([Product()] if self.intercept else []), *self.products.values()]


def collected(products: Iterable[Product]) -> Sum:
    """A sum of terms, each once; the empty product is the intercept."""
    found: dict[Any, Product] = {}
    for term in products:
        found.setdefault(term.key, term)
    intercept = found.pop(Product().key, None)
    return Sum(found, None if intercept is None else True)


def plus(left: Sum, right: Sum) -> Sum:
    """The terms of both, each once; what was said last about the intercept holds."""
    intercept = left.intercept if right.intercept is None else right.intercept
    added = {key: term for key, term in right.products.items() if key not in left.products}
    return Sum({**left.products, **added}, intercept)


def interaction(source: Source, left: Sum, right: Sum) -> Sum:
    """Every term of one side with every term of the other."""
    if len(left.elements) * len(right.elements) > _MANY_TERMS:
        raise source.error(f"stands for more than {_MANY_TERMS:,} terms; write those that you need")
    pairs = product(left.elements, right.elements)
    return collected(Product(tuple(dict.fromkeys((*a.components, *b.components)))) for a, b in pairs)
