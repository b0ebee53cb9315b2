"""A right-hand side -> its syntax tree, read to the end or refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from formulae.parser import ParseError, Parser

from hddm_sbi.design.tokens import Token, scan
from hddm_sbi.errors import FormulaError

# What to write instead of a token at which the reading stopped; the others lack an operator before them.
_LEVELS = "compare inside I(), as in I(stim == 'left'), and order levels with pandas.Categorical"
_INTERACTION = "an interaction is written a:b, nesting a / b"
_QUOTES = "write straight quotation marks"
_ADVICE = {
    ",": "put + between terms, and write the formula of another parameter as 'a ~ ...'",
    ";": "write the formula of another parameter as 'a ~ ...'",
    ".": "name the columns that '.' stands for",
    "%in%": _INTERACTION,
    "in": _INTERACTION,
    "×": "a product of terms is written a * b, an interaction alone a:b",
    "%": "write a remainder as np.mod(x, 2)",
    "//": "write a division as I(x / 2)",
    "$": "write the name of the column alone",
    "&": f"{_INTERACTION}; inside I(), multiply conditions",
    "!": "compare inside I(), as in I(stim != 'left')",
    "and": "put + between terms",
    "or": "put + between terms",
    "if": "write np.where(x > 0, 1, 0)",
    "(": "an operator such as + is missing before it",
    ")": "a term is missing before it",
    "`": "close the backtick, as in `my column`",
    **dict.fromkeys("[]", _LEVELS),
    **dict.fromkeys("'\"", "close the quotation mark"),
    **dict.fromkeys("“”‘’„", _QUOTES),
    **dict.fromkeys("–—−", "write a minus as -"),
}
_CONTINUES = ("PLUS", "MINUS", "STAR", "SLASH", "STAR_STAR", "COLON", "PIPE")
_NAMES = ("IDENTIFIER", "BQNAME", "NUMBER", "RIGHT_PAREN")


@dataclass(frozen=True)
class Source:
    """The text that is read, for messages."""

    parameter: str
    rhs: str

    @property
    def text(self) -> str:
        """``the formula 'v ~ conf'``."""
        return f"the formula '{self.parameter} ~ {' '.join(self.rhs.split())}'"

    def error(self, problem: str) -> FormulaError:
        """An error that says what is wrong with the formula, without the full stop."""
        return FormulaError(f"{self.text} {problem}" + ("" if problem.endswith("?") else "."))


def parse(source: Source) -> Any:
    """The syntax tree of the right-hand side: formulae's ``Binary``, ``Variable``, ``Call``, ...

    formulae's parser ends at the first token that cannot continue an expression, without a word; here any rest is an
    error.

    Raises:
        FormulaError: quotes what cannot be read, and says what to write instead.
    """
    tokens = scan(source.rhs)
    for token in tokens:
        if token.kind == "TILDE":
            raise source.error("has more than one '~'; write each parameter's formula on its own")
        if token.kind == "EQUAL" and not token.depth:
            raise source.error(
                "has '=' outside a function; a formula is written v ~ x, and a constant fixed={\"v\": 1}"
            )
    parser = Parser(tokens)
    try:
        tree = parser.parse()
    except ParseError:
        raise _stopped(source, tokens, parser.current) from None
    except RecursionError:
        raise source.error("has too many brackets inside each other; write it with fewer") from None
    if not parser.at_end():
        raise _stopped(source, tokens, parser.current)
    return tree


def _stopped(source: Source, tokens: Sequence[Token], position: int) -> FormulaError:
    token = tokens[position]
    if token.kind == "EOF":
        return source.error("cannot be read: a term is missing at its end")
    rest = " ".join(source.rhs[token.start :].split())
    return source.error(f"cannot be read from '{rest}' on; {_advice(tokens, position)}")


def _advice(tokens: Sequence[Token], position: int) -> str:
    token = tokens[position]
    before = tokens[position - 1] if position else Token("EOF", "", 0, 0)
    if token.kind == "OTHER" and token.lexeme[0].isdigit():
        return f"a column whose name starts with a digit is written in backticks, `{token.lexeme}`"
    if token.lexeme in _ADVICE:
        return _ADVICE[token.lexeme]
    if token.kind in _CONTINUES:
        return (
            f"a term is missing between '{before.lexeme}' and '{token.lexeme}'"
            if before.lexeme
            else "a term is missing before it"
        )
    if before.kind in _NAMES and token.kind in _NAMES:
        pair = f"{before.lexeme} + {token.lexeme}" if before.kind != "RIGHT_PAREN" else f"... + {token.lexeme}"
        return f"an operator is missing before it, as in {pair}, and a column of several words needs backticks"
    return "a name with other characters than letters, digits and _ is written in backticks, as in `my-column`"
