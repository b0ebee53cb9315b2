"""Text -> the tree of a contrast, read to the end or refused with the place.

    sum      = product (("+" | "-") product)*
    product  = factor (("*" | "/") factor)*
    factor   = ("-" | "+") factor | number | "(" sum ")" | "slope(" quantity "," column ")" | quantity
    quantity = parameter [ "[" column "=" value ("," column "=" value)* "]" ]

Columns and values are read as they stand, spaces inside included, up to the next bracket, comma or, for columns, ``=``;
one that has such a character is quoted, 'a, b' or "a, b", and a column may be in backticks, as in formulas.
"""

from __future__ import annotations

import re
from typing import NoReturn

from hddm_sbi.errors import FormulaError
from hddm_sbi.results.contrasts.expression import Expression, Leaf, Number, Operation, Quantity, Slope

EXAMPLE = "v[conf=LC] - v[conf=HC]"
_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?!\w)")
_NAME = re.compile(r"[^\W\d]\w*")
_QUOTES = {"'": "'", '"': '"', "`": "`"}
_INSTEAD = {
    "–": "write a minus as -",
    "−": "write a minus as -",
    "^": "write a power as a product",
    "~": "a contrast is no formula; write " + EXAMPLE,
    ">": "write the difference, and read its direction in the result",
    "<": "write the difference, and read its direction in the result",
    "=": "write the difference of the two sides",
    ":": "write a ratio as a / b, and an interaction as a difference of differences",
    "{": "conditions stand in square brackets, v[conf=LC]",
    "]": "an opening [ is missing before it",
    ")": "an opening ( is missing before it",
    ",": "ask one contrast at a time",
    "|": "conditions stand in square brackets, v[conf=LC]",
}  # fmt: skip


def read_contrast(text: object) -> Expression:
    """The tree of a contrast.

    Raises:
        FormulaError: it cannot be read; says from where on, and what to write.
    """
    if not isinstance(text, str) or not text.strip():
        raise FormulaError(f"a contrast is a text such as {EXAMPLE!r}, not {text!r}.")
    reader = _Reader(text)
    try:
        expression = reader.sum()
    except RecursionError:
        raise FormulaError(f"the contrast {_short(text)} has too many brackets inside each other.") from None
    if not reader.at_end():
        reader.stop(reader.advice())
    return expression


class _Reader:
    """Reads a text from left to right; each method reads one rule of the grammar."""

    def __init__(self, text: str) -> None:
        self.text, self.place = text, 0

    def sum(self) -> Expression:
        found = self.product()
        while sign := self.take("+-"):
            found = Operation(sign, found, self.product())
        return found

    def product(self) -> Expression:
        found = self.factor()
        while sign := self.take("*/"):
            if self.next() == "*":
                self.stop("write a power as a product")
            found = Operation(sign, found, self.divisor() if sign == "/" else self.factor())
        return found

    def divisor(self) -> Expression:
        self.skip()
        start, found = self.place, self.factor()
        if found == Number(0.0):
            self.place = start
            self.stop("nothing can be divided by zero")
        return found

    def factor(self) -> Expression:
        if sign := self.take("+-"):
            return self.factor() if sign == "+" else Operation("*", Number(-1.0), self.factor())
        if self.take("("):
            found = self.sum()
            self.expect(")", "a closing ) is missing")
            return found
        if number := self.match(_NUMBER):
            return Number(float(number))
        return self.leaf()

    def leaf(self) -> Leaf:
        start = self.place
        name = self.match(_NAME)
        if name is None:
            self.stop(self.advice())
        if name == "slope" and self.take("("):
            return self.slope(start)
        if self.next() == "(":
            self.stop(f"conditions stand in square brackets, {name}[conf=LC]; the only function is slope({name}, x)")
        return self.quantity(name, start)

    def slope(self, start: int) -> Slope:
        advice = "write slope(v, theta), the parameter and the column"
        self.skip()
        at, name = self.place, self.match(_NAME)
        if name is None:
            self.stop(advice)
        of = self.quantity(name, at)
        self.expect(",", advice)
        column = self.words(")", advice)
        self.expect(")", "a closing ) is missing")
        return Slope(of, column, self.since(start))

    def quantity(self, name: str, start: int) -> Quantity:
        at: list[tuple[str, str]] = []
        if self.take("["):
            while True:
                at.append(self.assignment(name))
                if not self.take(","):
                    break
            self.expect("]", "a closing ] is missing")
        return Quantity(name, tuple(at), self.since(start))

    def assignment(self, parameter: str) -> tuple[str, str]:
        self.skip()
        start = self.place
        column = self.words("=,][", f"write the column and its value, {parameter}[conf=LC]")
        if not self.take("="):
            if self.at_end():
                self.stop("a closing ] is missing")
            self.place = start
            self.stop(f"write the column and its value, {parameter}[COLUMN={column}]")
        if self.take("="):
            self.place -= 1
            self.stop("one = is enough")
        return column, self.words(",][", f"the value of '{column}' is missing")

    def words(self, ends: str, advice: str) -> str:
        """Text up to one of ``ends``, or inside quotation marks."""
        self.skip()
        quote = self.take("".join(_QUOTES))
        start = self.place
        if quote:
            end = self.text.find(quote, start)
            if end < 0:
                self.place = start - 1
                self.stop(f"close the quotation mark {quote}")
            self.place = end + 1
            return self.text[start:end]
        while self.place < len(self.text) and self.text[self.place] not in ends:
            self.place += 1
        found = self.text[start : self.place].strip()
        if not found:
            self.stop(advice)
        return found

    def advice(self) -> str:
        """What to write at the place where reading stopped."""
        if self.at_end():
            return "a term is missing at its end"
        here = self.next()
        if here in _INSTEAD:
            return _INSTEAD[here]
        if here == "[":
            return "a parameter is missing before it, as in v[conf=LC]"
        return "a parameter or a number is missing before it" if here in "+-*/" else "write + - * / between quantities"

    def skip(self) -> None:
        while self.place < len(self.text) and self.text[self.place].isspace():
            self.place += 1

    def next(self) -> str:
        """The next character, "" at the end."""
        self.skip()
        return self.text[self.place : self.place + 1]

    def at_end(self) -> bool:
        return not self.next()

    def take(self, characters: str) -> str:
        """The next character where it is one of these, else ""."""
        here = self.next()
        if not here or here not in characters:
            return ""
        self.place += 1
        return here

    def match(self, pattern: re.Pattern[str]) -> str | None:
        self.skip()
        found = pattern.match(self.text, self.place)
        if found is None:
            return None
        self.place = found.end()
        return found.group()

    def expect(self, character: str, advice: str) -> None:
        if not self.take(character):
            self.stop(advice if self.at_end() else f"{advice} before it")

    def since(self, start: int) -> str:
        return self.text[start : self.place].strip()

    def stop(self, advice: str) -> NoReturn:
        self.skip()
        rest = self.text[self.place :].strip()
        where = f"from {_short(rest)} on (character {self.place + 1})" if rest else "at its end"
        raise FormulaError(f"the contrast {_short(self.text.strip())} cannot be read {where}: {advice}.")


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:77]}...")
