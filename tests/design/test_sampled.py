"""The sampled coding: the same space, priors that treat cells alike, whatever is reported."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.design.contrasts import CODINGS, read_contrasts
from hddm_sbi.design.sampled import sampled_coding
from hddm_sbi.design.sides import evaluate_side

LEVELS = {"a": ("l", "r"), "b": ("u", "v", "w"), "c": ("on", "off", "dim", "out")}


@pytest.fixture(scope="module")
def crossed() -> pd.DataFrame:
    """All cells of three factors, unequally often, with two covariates whose means are not 0, and a sign."""
    rng = np.random.default_rng(3)
    table = pd.DataFrame({name: rng.choice(levels, 600) for name, levels in LEVELS.items()})
    every = pd.MultiIndex.from_product(LEVELS.values(), names=list(LEVELS)).to_frame(index=False)
    table = pd.concat([every, table], ignore_index=True)
    table["x"] = rng.normal(50.0, 3.0, len(table)) + (table["b"] == "u")
    table["y"] = rng.exponential(2.0, len(table))
    table["s"] = rng.choice([-1, 1], len(table))
    return table


def coded(table, rhs, contrasts="treatment"):
    side = evaluate_side("v", rhs, table, read_contrasts(contrasts))
    return side.common, np.hstack([term.matrix for term in side.common]), sampled_coding(side.common)


def prior_sds(coding, level=2.0, effect=1.0):
    return np.concatenate(
        [np.full(term.slice.stop - term.slice.start, level if term.is_level else effect) for term in coding.terms]
    )


def covariance(coding, sds):
    """Prior covariance of the reported coefficients."""
    return (coding.matrix * sds**2) @ coding.matrix.T


def cells(table, *factors):
    """A trial of each cell of some factors."""
    return table.groupby(list(factors), sort=True).head(1).sort_values(list(factors)).index.to_numpy()


def differences(covariance):
    """Standard deviations of all differences of two of some values."""
    variance = np.diag(covariance)
    both = variance[:, None] + variance[None, :] - 2.0 * covariance
    return np.sqrt(both[np.triu_indices(len(variance), 1)])


FORMULAS = [
    "1", "a", "b", "0 + b", "x", "0 + x", "s", "a*b", "a*b*c", "a*x", "x*y", "a*x*y", "b/a", "b/x", "a/b/x", "c:a + b",
    "0 + a + b", "0 + a*b", "0 + a:b", "0 + b/x", "a:x", "a + a:x", "x + a:x", "a:b", "a + b:x", "x:y", "0 + x:y",
    "x:y:b", "s*b",
    "C(b, Sum)*x", "0 + C(b, Sum)", "0 + S(b)*x", "C(b, Treatment('v'))*C(a, Sum)", "poly(x, 2)*a", "bs(y, df=4) + b",
    "bs(y, df=4)*a", "scale(x)*a", "center(x)*s", "I(x**2) + x", "np.log(y)*b", "x + y + a + b + c", "(a + b + x)**2",
]  # fmt: skip


@pytest.mark.parametrize("contrasts", ["treatment", "sum"])
@pytest.mark.parametrize("rhs", FORMULAS)
def test_the_same_space(crossed, rhs, contrasts):
    _, matrix, coding = coded(crossed, rhs, contrasts)
    gamma = np.random.default_rng(0).normal(size=matrix.shape[1])
    assert np.allclose((matrix @ coding.matrix) @ gamma, matrix @ (coding.matrix @ gamma), rtol=1e-9, atol=1e-9)
    inverse = np.linalg.inv(coding.matrix)
    assert np.allclose(inverse @ coding.matrix, np.eye(len(gamma)), atol=1e-8)
    # sampled columns have no unit: those of a term are of the order of 1
    spread = (matrix @ coding.matrix).std(axis=0)[1:]
    assert (spread < 2.5).all() or rhs.startswith("0") or ":x" in rhs or "x:" in rhs


@pytest.mark.parametrize("rhs", ["b", "a*b", "a*b*c", "a*b + c", "b*x", "a*b*x", "b/a", "0 + b", "0 + a*b", "a:b"])
@pytest.mark.parametrize("contrasts", CODINGS)
def test_cells_are_alike(crossed, rhs, contrasts):
    _, matrix, coding = coded(crossed, rhs, contrasts)
    factors = [name for name in LEVELS if name in rhs]
    rows = matrix[cells(crossed, *factors)].copy()
    if "x" in rhs:
        at_mean = crossed.loc[cells(crossed, *factors)].assign(x=crossed["x"].mean())
        side = evaluate_side("v", rhs, crossed, read_contrasts(contrasts))
        rows = np.hstack([term.evaluate(side.columns.prepare(at_mean)) for term in side.common])
    of_cells = rows @ covariance(coding, prior_sds(coding)) @ rows.T
    assert np.allclose(np.diag(of_cells), of_cells[0, 0])
    if len(factors) == 1:
        assert np.allclose(differences(of_cells), differences(of_cells)[0])
        if not rhs.startswith("0"):
            assert differences(of_cells)[0] == pytest.approx(1.0)


@pytest.mark.parametrize("rhs", ["a*b", "a*b*c", "b*x + c", "0 + a*b", "b/a", "x*y*b", "0 + S(b)*x", "a:x"])
def test_priors_do_not_depend_on_the_coding_or_the_order_of_levels(crossed, rhs):
    found = []
    for contrasts in (*CODINGS, {"b": ("treatment", "w"), "a": "sum"}):
        _, matrix, coding = coded(crossed, rhs, contrasts)
        found.append(matrix @ covariance(coding, prior_sds(coding)) @ matrix.T)
    turned = crossed.assign(b=pd.Categorical(crossed["b"], categories=["w", "u", "v"], ordered=True))
    _, matrix, coding = coded(turned, rhs)
    found.append(matrix @ covariance(coding, prior_sds(coding)) @ matrix.T)
    for other in found[1:]:
        assert np.allclose(found[0], other, rtol=1e-8, atol=1e-8)


def test_two_levels_are_sampled_as_their_difference(crossed):
    terms, _, coding = coded(crossed, "a + b + x")
    assert [coding.is_as_reported(at) for at in range(len(terms))] == [False, True, False, False]
    assert np.allclose(coding.matrix[0, :2], [1.0, -0.5])
    sds = np.sqrt(np.diag(covariance(coding, prior_sds(coding))))
    assert sds[1:4] == pytest.approx([1.0, 1.0, 1.0])  # treatment effects of a and b
    assert sds[4] * crossed["x"].std(ddof=0) == pytest.approx(1.0)


def test_an_interaction_is_a_difference_of_differences(crossed):
    _, _, coding = coded(crossed, "a*b")
    variance = np.diag(covariance(coding, prior_sds(coding)))
    assert np.allclose(variance[-2:], 1.0)


def test_a_covariate_sits_at_its_mean(crossed):
    _, matrix, coding = coded(crossed, "x*b")
    sampled = matrix @ coding.matrix
    x = (crossed["x"] - crossed["x"].mean()) / crossed["x"].std(ddof=0)
    assert np.allclose(sampled[:, 1], x)
    for column in range(2):
        assert np.allclose(sampled[:, 4 + column], sampled[:, 1] * sampled[:, 2 + column])
    _, matrix, coding = coded(crossed, "y")
    assert (matrix @ coding.matrix)[:, 1].mean() == pytest.approx(0.0, abs=1e-12)


def test_two_values_are_like_the_levels_of_a_factor(crossed):
    crossed = crossed.assign(code=np.where(crossed["a"] == "r", 4.0, 7.0))
    _, numbers, coding = coded(crossed, "code*b")
    _, levels, factor = coded(crossed, "a*b")
    one = numbers @ covariance(coding, prior_sds(coding)) @ numbers.T
    assert np.allclose(one, levels @ covariance(factor, prior_sds(factor)) @ levels.T)


def test_a_term_without_its_margin_keeps_its_origin(crossed):
    for rhs, centred in {
        "0 + x": [False],
        "a:x": [True, False],
        "b + b:x": [True, True, True],
        "x:y": [True, False],
    }.items():
        coding = coded(crossed, rhs)[2]
        assert [term.is_centred for term in coding.terms] == centred, rhs
    _, matrix, coding = coded(crossed, "0 + x")
    assert np.allclose(matrix @ coding.matrix, crossed[["x"]] / crossed["x"].std(ddof=0))
    # x:b without b: its contrasts are those of b all the same
    _, matrix, coding = coded(crossed, "x + x:b")
    assert np.allclose(coding.matrix[0, 2:], 0.0) and not np.allclose(coding.matrix[1, 2:], 0.0)


def test_standard_deviations_are_shared_by_contrasts(crossed):
    shared = {
        "b": [(0,), (0, 0)],
        "0 + b": [(0, 1, 2)],
        "b/a": [(0,), (0, 0), (0, 1, 2)],
        "a/b": [(0,), (0,), (0, 0, 1, 1)],
        "a*b": [(0,), (0,), (0, 0), (0, 0)],
        "poly(x, 2)*b": [(0,), (0, 1), (0, 0), (0, 0, 1, 1)],
    }
    for rhs, expected in shared.items():
        assert [term.sd_of for term in coded(crossed, rhs)[2].terms] == expected, rhs


@pytest.mark.parametrize("rhs", FORMULAS)
def test_stated_priors_hold_and_the_others_stay(crossed, rhs):
    coding = coded(crossed, rhs)[2]
    sds = prior_sds(coding)
    before = covariance(coding, sds)
    for at, term in enumerate(coding.terms):
        stating = coding.stating([at])
        assert stating.is_as_reported(at)
        width = term.slice.stop - term.slice.start
        own = sds.copy()
        own[term.slice] = np.linspace(0.3, 0.7, width)
        after = covariance(stating, own)
        assert np.allclose(after[term.slice, term.slice], np.diag(own[term.slice] ** 2))
        assert np.linalg.cond(stating.matrix) < 1e12
        # with the term's coefficients at zero the others have the distribution that they had
        others = np.ones(len(sds), dtype=bool)
        others[term.slice] = False
        own[term.slice] = 0.0
        without = np.where(others, sds, 0.0)
        expected = (coding.matrix * without**2) @ coding.matrix.T
        assert np.allclose(covariance(stating, own)[np.ix_(others, others)], expected[np.ix_(others, others)])
    assert np.array_equal(before, covariance(coding.stating([]), sds))


def test_a_stated_difference_leaves_the_cells_alike(crossed):
    _, matrix, coding = coded(crossed, "a")
    stating = coding.stating([1])
    assert np.array_equal(stating.matrix, coding.matrix)
    _, matrix, coding = coded(crossed, "a", "sum")
    rows = matrix[cells(crossed, "a")]
    of_cells = rows @ covariance(coding.stating([1]), np.array([2.0, 0.3])) @ rows.T
    assert np.allclose(np.diag(of_cells), 4.0 + 0.09) and differences(of_cells)[0] == pytest.approx(0.6)


def test_a_stated_intercept_is_the_reference(crossed):
    stating = coded(crossed, "b*x")[2].stating([0])
    variance = covariance(stating, np.array([0.1, *np.ones(5)]))
    assert variance[0, 0] == pytest.approx(0.01) and np.allclose(variance[0, 1:], 0.0)


@pytest.mark.parametrize("factor", [1e-12, 1e-3, 1.0, 1e9])
def test_units_and_origins_do_not_matter(crossed, factor):
    x = (crossed["x"] - 40.0) * factor
    sds = []
    for column in (x, crossed["x"] - 40.0):
        table = crossed.assign(x=column)
        _, matrix, coding = coded(table, "x*a")
        rows = matrix @ coding.matrix
        sds.append(rows * prior_sds(coding))
    assert np.allclose(*sds, rtol=1e-6, atol=1e-9)


def test_scaled_and_centred_columns_stay_as_they_are(crossed):
    _, _, coding = coded(crossed, "scale(x) + scale(y)")
    assert np.array_equal(coding.matrix, np.eye(3))
    _, _, coding = coded(crossed, "center(x)")
    assert np.allclose(coding.matrix, np.diag([1.0, 1.0 / crossed["x"].std(ddof=0)]))
    assert coding.is_as_reported(0)


def test_group_terms_may_lack_what_the_population_has(crossed):
    crossed = crossed.assign(g=np.arange(len(crossed)) % 5)
    side = evaluate_side("v", "a*x + (0 + x | g) + (b | c)", crossed)
    by_factor = {}
    for grouped in side.group:
        by_factor.setdefault(grouped.factor, []).append(grouped.term)
    of_g, of_c = (sampled_coding(by_factor[(name,)]) for name in "gc")
    assert not of_g.terms[0].is_centred
    assert [term.is_level for term in of_c.terms] == [True, False]


def test_any_formula(crossed):
    rng = np.random.default_rng(4)
    for _ in range(60):
        terms = [":".join(rng.permutation([*"abcxy"])[: rng.integers(1, 4)]) for _ in range(rng.integers(1, 5))]
        rhs = " + ".join([*(["0"] if rng.random() < 0.4 else []), *terms])
        contrasts = CODINGS[rng.integers(4)]
        _, matrix, coding = coded(crossed, rhs, contrasts)
        _, plain, treated = coded(crossed, rhs)
        assert np.linalg.matrix_rank(coding.matrix) == matrix.shape[1], rhs
        covariances = [
            rows @ covariance(made, prior_sds(made)) @ rows.T
            for rows, made in ((matrix[:80], coding), (plain[:80], treated))
        ]
        assert np.allclose(*covariances, rtol=1e-7, atol=1e-7), rhs
