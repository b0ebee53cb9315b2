"""Contrasts are read as they are written, or refused with the place."""

import pytest

from hddm_sbi.errors import FormulaError
from hddm_sbi.results.contrasts.expression import Quantity, Slope, evaluate, is_share_of_itself, leaves
from hddm_sbi.results.contrasts.syntax import read_contrast


def value(text: str) -> float:
    """With v = 2 in cell x=a, 3 in x=b, 5 where nothing is stated, and slopes of 7."""
    values = {(): 5.0, (("x", "a"),): 2.0, (("x", "b"),): 3.0}
    return evaluate(read_contrast(text), lambda leaf: 7.0 if isinstance(leaf, Slope) else values[leaf.at])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v[x=a] - v[x=b]", -1.0),
        ("v[x=a] - v[x=b] - v", -6.0),
        ("v[x=a] - (v[x=b] - v)", 4.0),
        ("v[x=a] * v + v[x=b] / 2", 11.5),
        ("-v[x=a] + +v", 3.0),
        ("2 * v[x=a] / v[x=b] / 2", 2.0 / 3.0),
        ("- (v - 1e1) * .5", 2.5),
        ("slope(v[x=a], t) - slope( v , `t 1` )", 0.0),
        ("(((v)))", 5.0),
    ],
)
def test_arithmetic(text: str, expected: float) -> None:
    assert value(text) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("v[conf=LC]", (("conf", "LC"),)),
        ("v[ conf = low conflict , stim=WW ]", (("conf", "low conflict"), ("stim", "WW"))),
        ("v[`my col`='a, b]']", (("my col", "a, b]"),)),
        ('v[x="1"]', (("x", "1"),)),
        ("v[t=-1.5]", (("t", "-1.5"),)),
        ("v[größe=groß]", (("größe", "groß"),)),
    ],
)
def test_conditions(text: str, at: tuple[tuple[str, str], ...]) -> None:
    (leaf,) = leaves(read_contrast(text))
    assert leaf == Quantity("v", at, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a contrast is a text such as"),
        ("v[conf=LC", "at its end: a closing ] is missing"),
        ("v[conf=LC - v[conf=HC]", r"from '\[conf=HC\]' on \(character 14\): a closing \] is missing"),
        ("v[LC] - v[HC]", r"from 'LC\] - v\[HC\]' on \(character 3\): .*v\[COLUMN=LC\]"),
        ("v[conf==LC]", r"character 8\): one = is enough"),
        ("v[conf=]", "the value of 'conf' is missing"),
        ("v[=LC]", "write the column and its value"),
        ("v(conf=LC)", "conditions stand in square brackets"),
        ("v -", "at its end: a term is missing"),
        ("v v", r"from 'v' on \(character 3\): write \+ - \* / between quantities"),
        ("v ** 2", "write a power as a product"),
        ("(v - a", r"at its end: a closing \) is missing"),
        ("v - a)", r"an opening \( is missing"),
        ("v > a", "write the difference"),
        ("v[conf=LC] – v[conf=HC]", "write a minus as -"),
        ("v / 0", "nothing can be divided by zero"),
        ("v ~ conf", "a contrast is no formula"),
        ("v[conf='LC]", "close the quotation mark"),
        ("slope(v)", "the parameter and the column"),
        ("slope(2, x)", "the parameter and the column"),
        ("v, a", "one contrast at a time"),
        ("(" * 5000 + "v", "too many brackets"),
    ],
)
def test_what_cannot_be_read_says_where(text: str, message: str) -> None:
    with pytest.raises(FormulaError, match=message) as caught:
        read_contrast(text)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("text", "is_share"),
    [
        ("a[x=a] / a[x=b]", True),
        ("(a[x=a] + a[x=b]) / (2 * a)", True),
        ("a / v", False),
        ("(a[x=a] - a[x=b]) / a", False),
        ("a / 2", False),
        ("a[x=a] / a - 1", False),
        ("a / (a[x=a] - a[x=b])", False),
    ],
)
def test_ratios_of_a_parameter_to_itself_refer_to_one(text: str, is_share: bool) -> None:
    assert is_share_of_itself(read_contrast(text)) is is_share
