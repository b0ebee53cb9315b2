"""Formula text -> tokens that know where they stand, in the kinds that formulae's parser knows."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PATTERN = re.compile(
    r"""
      (?P<SPACE>\s+)
    | (?P<NUMBER>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.]))
    | (?P<DIGITS>[0-9][\w.]*)               # 2back: no number and no name
    | (?P<IDENTIFIER>[^\W\d][\w.]*)
    | (?P<STRING>"[^"]*"|'[^']*')
    | (?P<BQNAME>`[^`]+`)
    | (?P<OPERATOR>\*\*|//|==|!=|<=|>=|\|\||%\w*%|.)
    """,
    re.VERBOSE | re.DOTALL,
)
# What is not here, such as $ or &, is of the kind OTHER, at which the parser stops.
_OPERATORS = {
    "(": "LEFT_PAREN", ")": "RIGHT_PAREN", "[": "LEFT_BRACKET", "]": "RIGHT_BRACKET", "{": "LEFT_BRACE",
    "}": "RIGHT_BRACE", ",": "COMMA", "+": "PLUS", "-": "MINUS", "*": "STAR", "/": "SLASH", "**": "STAR_STAR",
    "^": "STAR_STAR", ":": "COLON", "|": "PIPE", "~": "TILDE", "=": "EQUAL", "==": "EQUAL_EQUAL", "!=": "BANG_EQUAL",
    "||": "PIPE", "<": "LESS", "<=": "LESS_EQUAL", ">": "GREATER", ">=": "GREATER_EQUAL",
}  # fmt: skip
_OPENING, _CLOSING = ("LEFT_PAREN", "LEFT_BRACKET", "LEFT_BRACE"), ("RIGHT_PAREN", "RIGHT_BRACKET", "RIGHT_BRACE")


@dataclass(frozen=True)
class Token:
    """A token of a formula.

    Args:
        kind: formulae's name of it, ``OTHER`` for what no formula contains, ``EOF`` at the end.
        lexeme: its text.
        start: where it starts in the formula.
        depth: the number of brackets around it; an opening bracket and the one that closes it have the same.
        literal: the value of a number, a text or one of True, False and None.
    """

    kind: str
    lexeme: str
    start: int
    depth: int
    literal: str | float | None = None


def scan(text: str) -> list[Token]:
    """All tokens of ``text``, the last one of kind ``EOF``; reads any text."""
    tokens: list[Token] = []
    depth = 0
    for match in _PATTERN.finditer(text):
        if match.lastgroup == "SPACE":
            continue
        lexeme = match.group()
        kind, literal = _classified(str(match.lastgroup), lexeme)
        depth -= kind in _CLOSING
        tokens.append(Token(kind, lexeme, match.start(), depth, literal))
        depth += kind in _OPENING
    return [*tokens, Token("EOF", "", len(text), depth)]


def _classified(group: str, lexeme: str) -> tuple[str, str | float | None]:
    """The kind of a token, and its value where it has one."""
    if group == "NUMBER":
        return group, int(lexeme) if lexeme.isdecimal() else float(lexeme)
    if group == "STRING":
        return group, lexeme[1:-1]
    if group == "IDENTIFIER" and lexeme in ("True", "False", "None"):
        return "PYTHON_LITERAL", {"True": True, "False": False, "None": None}[lexeme]
    if group in ("OPERATOR", "DIGITS"):
        return _OPERATORS.get(lexeme, "OTHER"), None
    return group, None


def written(column: str) -> str:
    """The name of a column as a formula writes it: in backticks where it is no plain name."""
    return column if [token.kind for token in scan(column)] == ["IDENTIFIER", "EOF"] else f"`{column}`"
