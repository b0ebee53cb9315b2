"""What is refused is quoted, with the term to write instead."""

import pytest

from hddm_sbi.design.expansion import read
from hddm_sbi.design.syntax import Source
from hddm_sbi.errors import FormulaError


@pytest.mark.parametrize(
    ("rhs", "message"),
    [
        ("x a", r"cannot be read from 'a' on; an operator is missing before it, as in x \+ a"),
        ("x, a", r"cannot be read from ', a' on; put \+ between terms"),
        ("x %in% a", r"cannot be read from '%in% a' on; an interaction is written a:b"),
        ("x . a", r"cannot be read from '\. a' on; name the columns"),
        (".", r"cannot be read from '\.' on; name the columns"),
        ("2back", r"cannot be read from '2back' on; .* backticks, `2back`"),
        ("C(2back)", r"cannot be read from '2back\)' on; .* backticks, `2back`"),
        (
            "x + (1 + x || a)",
            r"from '\|\| a\)' on; group effects are independent of each other, so write \(1 \+ x \| a\)",
        ),
        ("(1 |p| a)", r"more than one '\|'; .* so write \(1 \| a\)"),
        ("(1 | a)*x", r"has a group term in '\(1 \| a\) \* x', .* as in \(1 \+ x \| a\)"),
        ("x + (1 | a) (x | a)", r"has '\(1 \| a\)\(x \| a\)'; an operator such as \+ is missing"),
        ("x (1 | a)", r"has 'x\(1 \| a\)'; an operator such as \+ is missing"),
        ("x*", r"cannot be read: a term is missing at its end"),
        ("x + * y", r"from '\* y' on; a term is missing between '\+' and '\*'"),
        ("0.5", r'no terms but the number 0.5; a constant is fixed={"v": 0.5}, not a formula, .* `0.5`'),
        ("-2", r'a constant is fixed={"v": -2}'),
        ("1.0", r'a constant is fixed={"v": 1.0}'),
        ("x + 3", r'has the number 3 as a term; leave it out, .* fixed={"v": 3}, .* `3`'),
        ("1 + 2", r"has the number 2 as a term; leave it out"),
        ("(2 | a)", r"has '\(2 \| a\)'; an intercept by group is written \(1 \| a\)"),
        ("(0 | a)", r"has '\(0 \| a\)'; an intercept by group is written \(1 \| a\)"),
        ("(1 | 1)", r"groups by a number in '\(1 \| 1\)'"),
        ("2*x", r"has the number 2 in '2 \* x', .* write x, or I\(2 \* x\) to compute with it"),
        ("x/2", r"has the number 2 in 'x / 2', .* write x, or I\(x / 2\) to compute with it"),
        ("1*x", r"has the number 1 in '1 \* x', .* write x, or I\(1 \* x\)"),
        ("x:1", r"has the number 1 in 'x:1', .* write x\.$"),
        ("x^2", r"write I\(x \*\* 2\)"),
        ("x**y", r"write I\(x \*\* y\)"),
        ("(a + b)**x", r"the power is the highest order of interactions; write \*\* 2"),
        ("(0 + x)*a", r"takes the intercept away inside '\(0 \+ x\) \* a'; write 0 \+ at the start"),
        ("x - y", r"takes away 'y', which is not among the terms before it; .* I\(x - y\)"),
        ("a - a:b", r"takes away 'a:b', which is not among"),
        ("-x", r"has '-x' with nothing to take it from; write x, or I\(-x\)"),
        ("x > 0", r"compares outside a function; write I\(x > 0\)"),
        ("'a'", r"has 'a' in quotes; write .* without them, a\."),
        ("False", r"has the term 'False'; .* backticks, `False`"),
        ("a['l']", r"has 'a\['l'\]'; .* I\(a == 'l'\)"),
        ("I(a['l'])", r"has 'a\['l'\]'; .* I\(a == 'l'\)"),
        ("C(a, levels=['l', 'r'])", r"cannot be read from '\['l', 'r'\]\)' on; .* pandas.Categorical"),
        ("C(a, Treatment(l))", r"has 'l' in Treatment\(\); write the level in quotes: 'l'"),
        ("T(a, l)", r"has 'l' in T\(\); write the level in quotes: 'l'"),
        ("C(a, Helmert)", r"has 'Helmert' in C\(\), where only a contrast can stand; write C\(stim\)"),
        ("Treatment(a)", r"has 'Treatment' outside C\(\); write C\(stim, Treatment\)"),
        ("factor(a)", r"no function or column 'factor' to call; write C\(x\)"),
        ("c(a)", r"no function or column 'c' to call; did you mean 'C'\?$"),
        ("s(x)", r"'s' to call; write bs\(x, df=4\)"),
        ("np.mean(x)", r"'np.mean' to call; write center\(x\) or scale\(x\)"),
        ("x.mean()", r"no function or column 'x.mean' to call"),
        ("bs(x, df=4, df=5)", r"gives 'df' more than once"),
        ("I(-x ** 2)", r"has '-x \*\* 2', which can be read in two ways; put brackets"),
        ("I(2 ** x ** 2)", r"can be read in two ways; put brackets"),
        ("I(0 < x < 1)", r"has '0 < x < 1'; write one comparison at a time"),
        ("I(x > 0 | y > 0)", r"inside a function, where '\|' means nothing; multiply conditions"),
        ("log(x:y)", r"has 'x:y' inside a function, where ':' means nothing"),
        ("I(a = 'l')", r"has '=' in 'I\(a='l'\)'; a comparison is written a == 'level'"),
        ("I(3)", r"has the term 'I\(3\)', which names no column"),
        ("a = b", r"has '=' outside a function"),
        ("Intercept + x", r"the intercept is written 1"),
        ("C(`I(x)`) + `C(I(x))` + C(I(x))", r"two terms that are both called 'C\(I\(x\)\)'; rename a column"),
        ("(" * 400 + "x" + ")" * 400, "too many brackets inside each other"),
        (
            "*".join(f"x{number}" for number in range(40)),
            "stands for more than 10,000 terms; write those that you need",
        ),
        ("x + " * 2000 + "x", "too many terms"),
    ],
)
def test_what_is_refused_says_what_to_write(rhs, message):
    with pytest.raises(FormulaError, match=message):
        read(Source("v", rhs))
