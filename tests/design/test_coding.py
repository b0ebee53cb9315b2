"""The columns of terms: as many as the cells need, none lost, each with the label of what it indicates."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.design.design import build_design
from hddm_sbi.design.evaluation import is_factor
from hddm_sbi.design.expansion import read
from hddm_sbi.design.products import Product
from hddm_sbi.design.rank import rank
from hddm_sbi.design.sides import evaluate_side
from hddm_sbi.design.syntax import Source
from hddm_sbi.errors import FormulaError
from hddm_sbi.trials.reading import read_trials

LEVELS = {"a": ("l", "r"), "b": ("u", "v", "w"), "c": ("on", "off"), "d": (1, 2, 3)}


@pytest.fixture(scope="module")
def crossed() -> pd.DataFrame:
    """All cells of four factors, five trials in each, with two covariates, every participant in every cell."""
    rng = np.random.default_rng(3)
    table = pd.MultiIndex.from_product([*LEVELS.values(), range(5)], names=[*LEVELS, "subject"]).to_frame(index=False)
    table = pd.concat([table] * 3, ignore_index=True)
    table["x"], table["y"] = rng.normal(size=(2, len(table))).round(3)
    return table.assign(rt=rng.uniform(0.4, 2.0, len(table)).round(2), response=rng.integers(0, 2, len(table)))


def cells(table: pd.DataFrame, terms: list[Product]) -> np.ndarray:
    """By hand: an indicator of every cell of every term, times its numbers."""
    blocks = []
    for term in terms:
        parts = [np.ones((len(table), 1))]
        for part in term.components:
            values = table[part.columns[0]]
            factor = is_factor(part, table)
            parts.append(pd.get_dummies(values).to_numpy(float) if factor else values.to_numpy()[:, None])
        blocks.append(reduce(lambda left, right: (left[:, :, None] * right[:, None, :]).reshape(len(left), -1), parts))
    return np.hstack(blocks)


def same_space(one: np.ndarray, two: np.ndarray) -> bool:
    return rank(one) == rank(two) == rank(np.hstack([one, two]))


# (the formula, how many columns its cells need)
INTERACTIONS = [
    ("C(a, Treatment('r')):C(b)", 6),
    ("C(a):C(b)", 6),
    ("a:C(b)", 6),
    ("C(a):C(b):C(c)", 12),
    ("a:b:c", 12),
    ("C(d):a:b", 18),
    ("0 + C(a):C(b)", 6),
    ("0 + a:b:c", 12),
    ("C(a)*C(b)", 6),
    ("C(a)/C(b)", 6),
    ("C(a)/C(b)/C(c)", 12),
    ("a:b + a", 6),
    ("b + a:b", 6),
    ("a:b + b:c", 9),
    ("a:b:c + a:b", 12),
    ("a + a:b:c", 12),
    ("0 + a + b", 4),
    ("0 + a:b + c", 7),
    ("(a + b + c)**2", 10),
    ("S(b):c", 6),
    ("0 + C(b, Sum):T(c, 'on')", 6),
    ("a:x", 3),
    ("x + a:x", 3),
    ("a:x + b:x", 5),
    ("a:b:x", 7),
    ("x:y + a:y:x", 3),
    ("0 + a:x + y:a:b", 8),
    ("x*y*b", 12),
    ("(1 + x + y)*b", 9),
    ("a/x", 4),
]


@pytest.mark.parametrize(("rhs", "columns"), INTERACTIONS)
def test_full_rank_and_nothing_lost(crossed, rhs, columns):
    matrix = np.hstack([term.matrix for term in evaluate_side("v", rhs, crossed).common])
    assert matrix.shape[1] == rank(matrix) == columns
    assert same_space(matrix, cells(crossed, list(read(Source("v", rhs)))))


def test_full_rank_and_nothing_lost_in_any_formula(crossed):
    rng = np.random.default_rng(4)
    for _ in range(150):
        terms = [":".join(rng.permutation([*"abcxy"])[: rng.integers(1, 4)]) for _ in range(rng.integers(1, 5))]
        rhs = " + ".join([*(["0"] if rng.random() < 0.4 else []), *terms])
        side = evaluate_side("v", rhs, crossed)
        matrix = np.hstack([term.matrix for term in side.common])
        assert matrix.shape[1] == rank(matrix), rhs
        assert same_space(matrix, cells(crossed, list(read(Source("v", rhs))))), rhs
        assert len({term.name for term in side.common}) == len(side.common), rhs


@pytest.mark.parametrize(("rhs", "_columns"), INTERACTIONS)
def test_labels_say_which_cell_a_column_indicates(crossed, rhs, _columns):
    for term in evaluate_side("v", rhs, crossed).common:
        if term.levels is None or any(word in term.name for word in ("S(", "Sum", "x", "y")):
            continue
        for level, label, column in zip(term.levels, term.labels, term.matrix.T, strict=True):
            chosen = level.split(", ")
            by_hand = [crossed[name].astype(str) == value for name, value in zip(term.variables, chosen, strict=True)]
            assert np.array_equal(column, np.logical_and.reduce(by_hand))
            assert all(f"[{value}]" in label for value in chosen)


@pytest.mark.parametrize(("rhs", "_columns"), INTERACTIONS)
def test_new_data_have_the_same_columns(crossed, rhs, _columns):
    design = build_design(read_trials(crossed, groupby="subject"), {"v": rhs}, ("v",), pooling="complete")
    rows = np.random.default_rng(5).permutation(len(crossed))[:40]
    for term, matrix in zip(design.parameters["v"].common, design.matrices(crossed.iloc[rows])["v"][0], strict=True):
        assert np.array_equal(matrix, term.matrix[rows])


@pytest.mark.parametrize(
    ("effects", "same"),
    [
        ("a:b", "1 + a:b"),
        ("0 + a*b", "0 + a:b"),
        ("0 + a + b", "0 + a + b"),
        ("0 + a:x", "0 + a:x"),
        ("a:b:c", "1 + a:b:c"),
        ("a - 1", "0 + a"),
    ],
)
def test_group_terms_are_coded_as_population_terms_are(crossed, effects, same):
    side = evaluate_side("v", f"1 + ({effects} | subject)", crossed)
    matrix = np.hstack([grouped.term.matrix for grouped in side.group])
    expected = np.hstack([term.matrix for term in evaluate_side("v", same, crossed).common])
    assert matrix.shape[1] == rank(matrix)
    assert same_space(matrix, expected)
    assert {grouped.factor for grouped in side.group} == {("subject",)}


@pytest.mark.parametrize(
    ("rhs", "terms"),
    [
        ("(1 | subject) + (0 + a | subject)", [("Intercept", 1, 0), ("a", 2, 1)]),
        ("(a | subject) + (0 + a | c)", [("Intercept", 1, 0), ("a", 1, 0), ("a", 2, 0)]),
        ("(1 | subject) + (a | subject)", [("Intercept", 1, 0), ("a", 1, 0)]),
        ("(1 + x | subject) + (1 + b | subject)", [("Intercept", 1, 0), ("x", 1, 0), ("b", 2, 1)]),
        ("(1 | subject) + (0 + x | subject) + (1 | subject)", [("Intercept", 1, 0), ("x", 1, 1)]),
        ("(1 | a:c) + (0 + x | c:a)", [("Intercept", 1, 0), ("x", 1, 1)]),
    ],
)
def test_each_bracket_is_coded_on_its_own_and_an_effect_kept_once(crossed, rhs, terms):
    group = evaluate_side("v", rhs, crossed).group
    assert [(grouped.term.name, grouped.term.matrix.shape[1], grouped.number) for grouped in group] == terms


@pytest.mark.parametrize(
    "rhs",
    [
        "(0 + a | subject) + (a | subject)",
        "(1 |p| subject) + (1 |q| subject)",
        "(1 | subject) + (x || subject)",
        "(1 | gr(subject, by=c)) + (1 | subject)",
    ],
)
def test_an_effect_in_two_brackets_that_disagree(crossed, rhs):
    with pytest.raises(FormulaError, match="by 'subject' in two brackets that say different things about it; write it"):
        evaluate_side("v", rhs, crossed)
