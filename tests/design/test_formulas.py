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
    "formula",
    [
        "v ~ conf, a ~ 0 + stim",
        "v ~ conf; a ~ 0 + stim",
        "v ~ conf\na ~ 0 + stim",
        "v~conf,a~0+stim",
        "v ~ conf,\n  a ~ 0 + stim",
        "\n  v ~ conf;\n\n  a ~ 0\n + stim\n",
        ["v ~ conf, a ~ 0 + stim"],
    ],
)
def test_several_in_one_string(formula):
    sides = read_formulas(formula, PARAMETERS)
    assert {name: "".join(side.split()) for name, side in sides.items()} == {"v": "conf", "a": "0+stim"}


def test_commas_and_tildes_inside_brackets_and_quotes_separate_nothing():
    formula = "v ~ C(conf, Treatment('HC, a ~ b')) + `a ~ b`, a ~ (1 | subject), z ~ bs(x, df=4)"
    assert read_formulas(formula, PARAMETERS) == {
        "v": "C(conf, Treatment('HC, a ~ b')) + `a ~ b`",
        "a": "(1 | subject)",
        "z": "bs(x, df=4)",
    }


def test_a_tilde_in_backticks_or_quotes_names_no_parameter():
    for side in ("`a ~ b`", "C(conf, Treatment('a ~ b'))"):
        for text in (side, f"~ {side}", f"v ~ {side}"):
            assert read_formulas({"v": text}, PARAMETERS) == {"v": side}


@pytest.mark.parametrize("formula", ["v ~ conf,", "v ~ conf;", "v ~ conf, stim", "v ~ conf\nstim", "v ~ conf,, a ~ 1"])
def test_a_separator_without_a_formula_stays_in_the_text(formula):
    """So that reading the right-hand side refuses it."""
    assert read_formulas(formula, PARAMETERS)["v"] == formula.removeprefix("v ~ ").removesuffix(", a ~ 1")


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
        ("v ~ conf | subject", r"'\|' outside brackets; write \(conf \| subject\)\.$"),
        ("v ~ conf + 1 | subject + stim", r"'\|' outside brackets; write \(1 \| subject\)\.$"),
        ("v ~ 1 || item", r"'\|' outside brackets; write \(1 \|\| item\)\.$"),
        ("v ~ (conf || subject) || item", r"'\|' outside brackets"),
        ("v ~ x + stim a ~ cong", r"more than one '~'; .* write a list: \[\"v ~ x \+ stim\", \"a ~ cong\"\]"),
        ("v ~ x ~ a", r"more than one '~'; write one '~' for each parameter"),
        ("v ~ ~ x", r"more than one '~'; write one '~' for each parameter"),
        ("v ~ (x, a ~ cong)", r"more than one '~'; write one '~' for each parameter"),
        ("v ~ x, w ~ cong", r"the formula 'w ~ cong' is for 'w', which is not a parameter"),
        ("v ~ x, v ~ cong", r"'v' has more than one formula"),
        ("v ~ x, z ~ cong", r"'z' is fixed, so it cannot have the formula 'z ~ cong'"),
        ("v ~ x, a ~", r"the formula 'a ~' has nothing to the right of"),
        ("v, a ~ x", r"for 'v, a', which is not a parameter .* write one formula for each"),
        ("v = conf", r"does not say which parameter"),
        ("", r"does not say which parameter"),
        ([{"name": "v", "formula": "v ~ x"}], r"must be text such as 'v ~ conf', not"),
        ("p_outlier ~ conf", r"'p_outlier', which is one number for all"),
    ],
)
def test_bad_formulas_say_what_is_wrong(formula, message):
    with pytest.raises(FormulaError, match=message):
        read_formulas(formula, PARAMETERS, fixed={"z": 0.5})
