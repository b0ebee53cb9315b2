"""Right-hand sides are read whole, as another reader reads them, or refused."""

from __future__ import annotations

import re
from itertools import product

import numpy as np
import pytest

from hddm_sbi.design.expansion import read
from hddm_sbi.design.products import Product
from hddm_sbi.design.syntax import Source
from hddm_sbi.errors import FormulaError

NAMES = ("a", "b", "c", "x", "y")
TAILS = (
    *(
        ", b",
        ", a ~ b",
        " b",
        " c b",
        "; b",
        " %in% b",
        " . b",
        " 2back",
        " || b",
        "(b)",
        ")",
        "[b]",
        " 'b'",
        "~ b",
    ),
    *(
        " @ b",
        " $ b",
        " & b",
        " # b",
        "\n b",
        "`b",
        " = b",
        " == b",
        " ! b",
        " // b",
        "*",
        " +",
        ":",
        " |",
        " | b",
        " 3",
    ),
)


Read = tuple[frozenset[str], frozenset[str], frozenset[frozenset[str]]]
INTERCEPT: Read = (frozenset(), frozenset(), frozenset())


class Terms:
    """A formula by Python's own parser: ``:`` as ``**``, all else as it is, on sets of terms.

    Args:
        terms: the components, the columns of the grouping factor, and all effects of the bracket.
        intercept: what was said about it, None for nothing.
    """

    def __init__(self, terms: set[Read], intercept: bool | None = None) -> None:
        self.terms, self.intercept = terms, intercept

    @property
    def _with_intercept(self) -> set[Read]:
        return self.terms | ({INTERCEPT} if self.intercept else set())

    def __pos__(self) -> Terms:
        return self

    def __neg__(self) -> Terms:
        assert not self.terms and self.intercept is not None
        return Terms(set(), not self.intercept)

    def __add__(self, other: Terms) -> Terms:
        return Terms(self.terms | other.terms, self.intercept if other.intercept is None else other.intercept)

    def __sub__(self, other: Terms) -> Terms:
        assert other.terms <= self.terms
        kept = self.intercept if other.intercept is None else not other.intercept
        return Terms(self.terms - other.terms, kept)

    def __pow__(self, other: Terms) -> Terms:
        for side in (self, other):
            assert side.terms and side.intercept is not False and not any(factor for _, factor, _ in side.terms)
        pairs = product(self._with_intercept, other._with_intercept)
        found = {(one | two, frozenset(), frozenset()) for (one, *_), (two, *_) in pairs}
        return Terms(found - {INTERCEPT}, INTERCEPT in found or None)

    def __mul__(self, other: Terms) -> Terms:
        return self + other + self**other

    def __truediv__(self, other: Terms) -> Terms:
        assert self.intercept is not False
        return (
            self + Terms({(frozenset().union(*(part for part, *_ in self.terms)), frozenset(), frozenset())}) ** other
        )

    def __or__(self, other: Terms) -> Terms:
        assert other.intercept is None and not any(factor for _, factor, _ in self.terms | other.terms)
        effects = {part for part, *_ in self.terms} | ({frozenset()} if self.intercept is not False else set())
        assert effects
        bracket = frozenset(effects)
        return Terms({(effect, factor, bracket) for effect, (factor, *_) in product(effects, other.terms)})


ENVIRONMENT = {name: Terms({(frozenset({name}), frozenset(), frozenset())}) for name in NAMES}
ENVIRONMENT |= {"one": Terms(set(), True), "zero": Terms(set(), False)}


def by_python(text: str) -> set[Read]:
    """The terms of a formula; raises what Python raises where it cannot be read or has no meaning.

    What bars say about covariances is left out: (x || a) and (x |p| a) have the terms of (x | a).
    """
    text = re.sub(r"\|[^|()]*\|", "|", text)
    code = re.sub(r"\b1\b", "one", re.sub(r"\b0\b", "zero", text)).replace(":", "**")
    terms = eval(f"({code}\n)", {"__builtins__": {}}, ENVIRONMENT)
    return terms.terms | (set() if terms.intercept is False else {INTERCEPT})


def by_us(text: str) -> set[Read]:
    products = read(Source("v", text))
    found = {
        (frozenset(part.name for part in term.components), frozenset(term.factor), effects_of(term))
        for term in products
    }
    assert len({term.key for term in products}) == len(products)
    return found


def effects_of(term: Product) -> frozenset[frozenset[str]]:
    effects = () if term.bracket is None else term.bracket.effects
    return frozenset(frozenset(part.name for part in effect) for effect in effects)


def written(rng: np.random.Generator, depth: int = 0) -> str:
    """A formula by chance."""
    kind = rng.choice(["name", "sum", "cross", "nest", "interaction", "brackets"], p=[0.3, 0.25, 0.15, 0.1, 0.1, 0.1])
    if kind == "name" or depth > 3:
        return str(rng.choice(NAMES))
    if kind == "brackets":
        inner = written(rng, depth + 1)
        return f"(1 + {inner})" if rng.random() < 0.3 else f"({inner})"
    operator = {"sum": " + ", "cross": "*", "nest": " / ", "interaction": ":"}[kind]
    return f"{written(rng, depth + 1)}{operator}{written(rng, depth + 1)}"


def a_formula(rng: np.random.Generator) -> str:
    parts = [written(rng)]
    if rng.random() < 0.3:
        parts.insert(0, str(rng.choice(["0", "1", "-1"])))
    for _ in range(rng.integers(0, 3)):
        effect = rng.choice(["1", "x", "1 + a", "0 + x", "x - 1", "a*x", "-1 + b:x"])
        parts.append(f"({effect} | {rng.choice(['c', 'c/b', 'b:c', 'b + c', 'b*c'])})")
    text = " + ".join(parts)
    return text + rng.choice([" - 1", " + 0", "", "", "", f" - {parts[-1]}"])


def test_what_is_written_is_read():
    rng = np.random.default_rng(0)
    read_too = 0
    for _ in range(3000):
        text = a_formula(rng)
        try:
            expected = by_python(text)
        except AssertionError:  # a meaning that both refuse, such as 1:x
            with pytest.raises(FormulaError):
                by_us(text)
            continue
        assert by_us(text) == expected, text
        read_too += 1
    assert read_too > 2000


def test_a_rest_is_never_dropped():
    """Whatever is put behind or into a formula: it is refused, or read as Python reads it, rest and all."""
    rng = np.random.default_rng(1)
    refused = 0
    for _ in range(6000):
        text = a_formula(rng)
        tail = str(rng.choice(TAILS))
        at = len(text) if rng.random() < 0.7 else int(rng.integers(0, len(text)))
        changed = f"{text[:at]}{tail} {text[at:]}"
        try:
            found = by_us(changed)
        except FormulaError:
            refused += 1
            continue
        assert found == by_python(changed), changed
    assert refused > 4000


def test_soup_of_tokens():
    """What is accepted of tokens in any order contains every column that was named."""
    rng = np.random.default_rng(2)
    tokens = [
        *NAMES,
        *NAMES,
        *NAMES,
        *"++++**//::()()()||-~,;.=<>[]{}'$%^&!0123",
        "**",
        "==",
        "||",
        "%in%",
        "C(a)",
        "log(x)",
    ]
    tokens += ["I(x / 2)", "'a'", "`b`", "1e3", "2back", "True", "if", "scale", "poly(x, 2)", "\n"]
    accepted = 0
    for _ in range(20000):
        text = str(rng.choice(["", " "])).join(rng.choice(tokens, size=rng.integers(1, 9)))
        try:
            terms = read(Source("v", text))
        except FormulaError as error:
            assert re.match(r"the formula 'v ~ .*[^?][.?]$", str(error), re.DOTALL), text
            continue
        accepted += 1
        if not {"-", "'"} & set(text):
            named = set(re.findall(r"(?<![\w.])[^\W\d][\w.]*", text)) - {"C", "I", "log", "poly", "scale"}
            assert named <= {name for term in terms for name in term.columns}, text
    assert accepted > 500


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("(1 + x + y)*a", "1 + x + y + a + x:a + y:a"),
        ("a/b/c", "a + a:b + a:b:c"),
        ("(a + b)/c", "a + b + a:b:c"),
        ("(a + b + c)**2", "a + b + c + a:b + a:c + b:c"),
        ("(a + b)^2", "a*b"),
        ("(a + b)**5", "a*b"),
        ("a*b*c - a:b:c", "(a + b + c)**2"),
        ("b:a + a:b", "a:b"),
        ("a - 1", "0 + a"),
        ("(0 + a) + b", "0 + a + b"),
        ("+ a + + b", "a + b"),
        ("(x - 1 | a)", "(0 + x | a)"),
        ("(x | a/b)", "(1 + x | a) + (1 + x | a:b)"),
        ("(1 | a + b)", "(1 | a) + (1 | b)"),
        ("((1 | a))", "(1 | a)"),
        ("{x ** 2}", "I(x ** 2)"),
        ("I(x^2)", "I(x ** 2)"),
        ("I(x * 1e-3)", "I(x * 0.001)"),
        ("a +\n  b", "a + b"),
    ],
)
def test_the_same_terms(text, same):
    assert by_us(text) == by_us(same)


def test_brackets_in_calls_are_part_of_the_name():
    terms = read(Source("v", "I((x + y) / 2) + I(x + y / 2) + scale(`my col`)"))
    assert [part.name for term in terms for part in term.components] == [
        "I((x + y) / 2)",
        "I(x + y / 2)",
        "scale(my col)",
    ]
    assert terms[-1].columns == ("my col",)
