"""Formulas as MathML, which browsers show without a library: the few elements that are needed, escaped."""

from __future__ import annotations

from html import escape

# Ends of a text would be cut off.
SPACE = "\N{NO-BREAK SPACE}"
MINUS, DRAWN = "\N{MINUS SIGN}", "\N{TILDE OPERATOR}"


def name(text: str) -> str:
    """A symbol, or a word in upright letters."""
    return f"<mi>{escape(text)}</mi>"


def number(value: float | str) -> str:
    """A number."""
    return f"<mn>{escape(value) if isinstance(value, str) else f'{value:g}'}</mn>"


def sign(text: str) -> str:
    """An operator or a relation."""
    return f"<mo>{escape(text)}</mo>"


def _fence(text: str, form: str, inside: str) -> str:
    """A bracket, which grows with fractions alone."""
    return f'<mo form="{form}" stretchy="{str("<mfrac>" in inside).lower()}">{text}</mo>'


def words(text: str) -> str:
    """Text within a formula."""
    return f"<mtext>{escape(text).replace(' ', SPACE)}</mtext>"


def row(*parts: str) -> str:
    """Parts beside each other."""
    return f"<mrow>{''.join(parts)}</mrow>"


def sub(base: str, below: str) -> str:
    """With a subscript."""
    return f"<msub>{base}{below}</msub>"


def power(base: str, above: str) -> str:
    """With a superscript."""
    return f"<msup>{base}{above}</msup>"


def fraction(above: str, below: str) -> str:
    """A fraction."""
    return f"<mfrac>{above}{below}</mfrac>"


def brackets(*parts: str) -> str:
    """In round brackets."""
    return _within("(", ")", parts)


def absolute(*parts: str) -> str:
    """The absolute value."""
    return _within("|", "|", parts)


def braces(*parts: str) -> str:
    """A set."""
    return _within("{", "}", parts)


def _within(left: str, right: str, parts: tuple[str, ...]) -> str:
    inside = "".join(parts)
    return row(_fence(left, "prefix", inside), inside, _fence(right, "postfix", inside))


def lines(*rows: str) -> str:
    """Parts of a long formula below each other."""
    cells = "".join(f'<mtr><mtd style="text-align: left">{one}</mtd></mtr>' for one in rows)
    return f"<mtable>{cells}</mtable>" if len(rows) > 1 else rows[0]


def applied(function: str, *arguments: str) -> str:
    """A function of arguments: ``log(a)``."""
    return row(name(function), brackets(joined(arguments, ",")))


def joined(parts: tuple[str, ...] | list[str], between: str) -> str:
    """Parts with an operator between them."""
    result = [parts[0]]
    for part in parts[1:]:
        result += [sign(between), part]
    return row(*result)


def equals(left: str, *right: str) -> str:
    """An equation."""
    return row(left, sign("="), *right)


def drawn(left: str, *right: str) -> str:
    """A distribution: left ~ right."""
    return row(left, sign(DRAWN), *right)


def formula(content: str, said: str) -> str:
    """A formula on a line of its own.

    Args:
        content: its elements.
        said: the same in words, for those who do not see it.
    """
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="block" alttext="{escape(said)}">{content}</math>'
