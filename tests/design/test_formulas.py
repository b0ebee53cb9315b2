import pytest

from hddm_sbi.design.formulas import read_formulas
from hddm_sbi.errors import FormulaError

PARAMETERS = ("v", "a", "z", "t0")


@pytest.mark.parametrize(
    "formula",
    ["v ~ conf", ["v ~ conf"], ("v~conf",), {"v": "conf"}, {"v": "~ conf"}, {"v": "v ~ conf"}, "  v   ~   conf "],
)
def test_one_formula_in_every_spelling(formula):
    assert read_formulas(formula, PARAMETERS) == {"v": "conf"}


def test_none_and_several():
    assert read_formulas(None, PARAMETERS) == {}
    assert read_formulas(["v ~ conf", "a ~ 0 + stim"], PARAMETERS) == {"v": "conf", "a": "0 + stim"}


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("w ~ conf", r"for 'w', which is not a parameter of the model 'ddm'; its parameters are v, a, z, t0"),
        (["v ~ conf", "v ~ stim"], r"'v' has more than one formula"),
        ("conf", r"'conf' does not say which parameter"),
        ("~ conf", r"does not say which parameter"),
        ("v ~ ", r"nothing to the right of"),
        ({"v": "a ~ conf"}, r"stands under 'v' but is for 'a'"),
        ({"v": 3}, r"must be text such as 'v ~ conf', not 3"),
        (3, r"must be text, a list of texts or a dictionary, not 3"),
        ("z ~ conf", r"'z' is fixed, so it cannot have the formula 'z ~ conf'"),
        ("v ~ conf)", r"brackets that do not match"),
        ("v ~ (1 | subject", r"brackets that do not match"),
        ("v ~ conf | subject", r"'\|' outside brackets; write \(1 \| subject\)"),
        ("p_outlier ~ conf", r"'p_outlier', which is one number for all"),
    ],
)
def test_bad_formulas_say_what_is_wrong(formula, message):
    with pytest.raises(FormulaError, match=message):
        read_formulas(formula, PARAMETERS, fixed={"z": 0.5})
