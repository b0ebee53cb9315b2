from __future__ import annotations

import pytest

from hddm_sbi.cli import parsing
from hddm_sbi.cli.fit_command import with_value
from hddm_sbi.errors import ModelError


def test_names_by_commas_and_by_repetition() -> None:
    assert parsing.names(["z,a", " t0 "]) == ("z", "a", "t0")
    assert parsing.names([]) == ()


def test_labels() -> None:
    assert parsing.labels("left, right", "--choices") == ("left", "right")
    assert parsing.labels("a,b,c", "--choices") == ("a", "b", "c")


@pytest.mark.parametrize("text", ["left", "left,", "left,,up", ""])
def test_not_labels(text: str) -> None:
    with pytest.raises(ModelError, match=f"--choices takes two labels and a comma.*not '{text}'"):
        parsing.labels(text, "--choices")


def test_stimulus() -> None:
    assert parsing.stimulus("stim") == "stim" and parsing.stimulus("a:b") == "a:b"
    mapping = {"stim": {"word": "left", "nonword": "right"}}
    assert parsing.stimulus("stim: word=left, nonword = right") == mapping


@pytest.mark.parametrize("text", ["stim:word=left,nonword", "stim:=left,b=right", "stim:a=0,a=1"])
def test_not_a_stimulus(text: str) -> None:
    with pytest.raises(ModelError, match=f"--stimulus takes a column, or .*, not '{text}'"):
        parsing.stimulus(text)


def test_constants() -> None:
    assert parsing.constants(["z=0.5, sz = 0", "st0=1e-2"]) == {"z": 0.5, "sz": 0.0, "st0": 0.01}


@pytest.mark.parametrize("text", ["z", "z=half", "=0.5", "z="])
def test_not_constants(text: str) -> None:
    with pytest.raises(ModelError, match=f"--fixed takes parameter=number, such as z=0.5, not '{text}'"):
        parsing.constants([text])


def test_a_constant_given_twice() -> None:
    with pytest.raises(ModelError, match=r"names 'z' twice, with 0\.5 and 0\.4"):
        parsing.constants(["z=0.5", "z=0.4"])


def test_lapse_probability() -> None:
    assert parsing.lapse_probability("estimate") == "estimate"
    assert parsing.lapse_probability("0.05") == 0.05
    with pytest.raises(ModelError, match="not 'some'"):
        parsing.lapse_probability("some")


@pytest.mark.parametrize(("text", "value"), [("1.5", 1.5), (" 2 ", 2.0), ("limit", "limit"), (" limit ", "limit")])
def test_limit(text: str, value: float | str) -> None:
    assert parsing.limit(text) == value


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("0.2,3", (0.2, 3.0)),
        ("0.2,", (0.2, None)),
        (",3", (None, 3.0)),
        ("none, 3", (None, 3.0)),
        ("0.2,None", (0.2, None)),
        ("fastest,slowest", ("fastest", "slowest")),
    ],
)
def test_truncation(text: str, ends: tuple[float | str | None, float | str | None]) -> None:
    assert parsing.truncation(text) == ends


@pytest.mark.parametrize("text", ["", ",", "none,none", "3", "0.2,3,4"])
def test_not_a_truncation(text: str) -> None:
    with pytest.raises(ModelError, match=f"--truncate takes two ends and a comma.*not '{text}'"):
        parsing.truncation(text)


@pytest.mark.parametrize(("text", "window"), [("0,20", (0.0, 20.0)), ("0.1,", (0.1, None)), ("0", (0.0, None))])
def test_lapse_window(text: str, window: tuple[float, float | None]) -> None:
    assert parsing.lapse_window(text) == window


@pytest.mark.parametrize("text", ["", ",20", "0,long", "0,1,2"])
def test_not_a_lapse_window(text: str) -> None:
    with pytest.raises(ModelError, match=f"--lapse takes the ends of a window in seconds, such as 0,20, not '{text}'"):
        parsing.lapse_window(text)


def test_one_or_several() -> None:
    assert parsing.one_or_several([]) is None
    assert parsing.one_or_several(["subject"]) == "subject"
    assert parsing.one_or_several(["site", "subject, id"]) == ["site", "subject, id"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["data.csv", "--correlated"], ["data.csv", "--correlated", "true"]),
        (["--correlated", "data.csv", "--out", "run"], ["--correlated", "true", "data.csv", "--out", "run"]),
        (["--correlated", "--out", "run"], ["--correlated", "true", "--out", "run"]),
        (["--correlated", "v, a", "data.csv"], ["--correlated", "v, a", "data.csv"]),
        (["--correlated", "v", "--correlated", "a"], ["--correlated", "v", "--correlated", "a"]),
        (["--correlated=v"], ["--correlated=v"]),
    ],
)
def test_an_option_with_or_without_a_value(arguments: list[str], expected: list[str]) -> None:
    assert with_value(arguments) == expected


def test_correlated() -> None:
    assert parsing.correlated(["true"]) is True and parsing.correlated(["false"]) is False
    assert parsing.correlated(["v, a", "t0"]) == ["v", "a", "t0"]
    for values in (["true", "v"], [","], ["true", "true"]):
        with pytest.raises(ModelError, match="--correlated takes names of parameters"):
            parsing.correlated(values)


def test_contrasts() -> None:
    assert parsing.contrasts(["sum"]) == "sum"
    assert parsing.contrasts(["cond=sum, stim = helmert", "x=treatment"]) == {
        "cond": "sum", "stim": "helmert", "x": "treatment",
    }  # fmt: skip
    for text in ("sum,helmert", "cond=", "=sum", "cond=sum,cond=helmert", "sum,cond=helmert", ","):
        with pytest.raises(ModelError, match=r"--contrasts takes (one|a) coding, such as sum"):
            parsing.contrasts([text])
