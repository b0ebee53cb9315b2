"""The processes of the registry as formulas: how evidence moves, and when it makes a response."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

from hddm_sbi.report import mathml as m
from hddm_sbi.ssm.base import SSM
from hddm_sbi.ssm.registry import is_registered


class Equation(NamedTuple):
    """A part of a model.

    Args:
        in_words: a sentence that says the same.
        mathml: a ``math`` element.
    """

    in_words: str
    mathml: str


def equation(in_words: str, content: str) -> Equation:
    """A part from its sentence and the elements of its formula."""
    return Equation(in_words, m.formula(content, in_words))


def equations_of_process(ssm: SSM, absent: Collection[str] = ()) -> list[Equation]:
    """How a response comes about, for one trial.

    Args:
        ssm: the process.
        absent: parameters that are fixed at 0, so that what they say does not happen.
    """
    if is_registered(ssm):
        return _PROCESSES[ssm.name](absent)
    theta = [m.name(name) for name in ssm.parameter_names]
    told = f": {ssm.description}" if ssm.description else ""
    return [
        equation(
            f"Response time and choice of a trial are a draw of the simulator '{ssm.name}'{told}.",
            m.drawn(m.brackets(_RT, m.sign(","), m.name("c")), m.applied(ssm.name, *theta)),
        )
    ]


_RT, _T, _X, _W, _D = m.name("rt"), m.name("t"), m.name("x"), m.name("W"), m.name("d")
_T0 = m.sub(m.name("t"), m.number(0))
_HALF = m.fraction(m.name("a"), m.number(2))


def _moves(drift: str, noise: str = "") -> str:
    """dx = drift dt + dW."""
    return m.equals(m.row(_D, _X), drift, m.row(_D, _T), m.sign("+"), noise or m.row(_D, _W))


def _start(z: str) -> Equation:
    content = m.equals(
        m.row(_X, m.brackets(m.number(0))),
        m.brackets(z, m.sign(m.MINUS), m.fraction(m.number(1), m.number(2))),
        m.name("a"),
    )
    return equation("Evidence starts at z on the way from the lower boundary (0) to the upper one (1).", content)


def _response(bound: str, words: str) -> Equation:
    """The first time at which a boundary is reached."""
    reached = m.row(m.absolute(_X, m.brackets(_T)), m.sign("≥"), bound)
    content = m.equals(_RT, _T0, m.sign("+"), m.name("min"), m.braces(_T, m.sign(":"), reached))
    return equation(
        f"The response is the boundary that is reached first, {words}; its time is that plus the non-decision time t0.",
        content,
    )


_WIENER = equation("Evidence x drifts at the rate v, with Brownian noise of standard deviation 1.", _moves(m.name("v")))
_CONSTANT = _response(_HALF, "half the boundary separation a above or below the middle")


def _ddm(absent: Collection[str]) -> list[Equation]:
    return [_WIENER, _start(m.name("z")), _CONSTANT]


def _full_ddm(absent: Collection[str]) -> list[Equation]:
    of_trial = m.sub(m.name("v"), words_below := m.words("trial"))
    uniform = m.applied(
        "Uniform",
        m.row(m.name("z"), m.sign(m.MINUS), m.fraction(m.name("sz"), m.number(2))),
        m.row(m.name("z"), m.sign("+"), m.fraction(m.name("sz"), m.number(2))),
    )
    varying = {
        "sv": equation(
            "Across trials the drift is normal around v with the standard deviation sv.",
            m.drawn(of_trial, m.applied("Normal", m.name("v"), m.power(m.name("sv"), m.number(2)))),
        ),
        "sz": equation(
            "Across trials the relative starting point is uniform around z, with the width sz.",
            m.drawn(m.sub(m.name("z"), words_below), uniform),
        ),
        "st0": equation(
            "Across trials the non-decision time is uniform from t0 to t0 + st0.",
            m.drawn(
                m.sub(m.name("t0"), words_below),
                m.applied("Uniform", m.name("t0"), m.row(m.name("t0"), m.sign("+"), m.name("st0"))),
            ),
        ),
    }
    return [*(one for name, one in varying.items() if name not in absent), *_ddm(absent)]


def _angle(absent: Collection[str]) -> list[Equation]:
    bound = m.row(_HALF, m.sign(m.MINUS), _T, m.applied("tan", m.name("θ")))
    words = "whose distance from the middle falls from a / 2 along a line of the angle theta"
    return [_WIENER, _start(m.name("z")), _response(bound, words)]


def _weibull(absent: Collection[str]) -> list[Equation]:
    ratio = m.power(m.brackets(m.fraction(_T, m.name("β"))), m.name("α"))
    bound = m.row(_HALF, m.applied("exp", m.row(m.sign(m.MINUS), ratio)))
    words = "whose distance from the middle falls from a / 2 along a Weibull survival function of shape alpha and "
    return [_WIENER, _start(m.name("z")), _response(bound, f"{words}scale beta")]


def _ornstein(absent: Collection[str]) -> list[Equation]:
    drift = m.brackets(m.name("v"), m.sign(m.MINUS), m.name("g"), _X)
    moves = equation(
        "Evidence x drifts at the rate v and leaks at the rate g (below 0 it excites itself), with Brownian noise of "
        "standard deviation 1.",
        _moves(drift),
    )
    return [moves, _start(m.name("z")), _CONSTANT]


def _levy(absent: Collection[str]) -> list[Equation]:
    moves = equation(
        "Evidence x drifts at the rate v, with symmetric noise of stability alpha, which is Brownian at 2 and jumps "
        "below.",
        _moves(m.name("v"), m.row(_D, m.sub(m.name("L"), m.name("α")))),
    )
    return [moves, _start(m.name("z")), _CONSTANT]


_K = m.name("k")


def _first_of_all(what: str) -> list[Equation]:
    start = m.drawn(m.row(m.sub(_X, _K), m.brackets(m.number(0))), m.applied("Uniform", m.number(0), m.name("A")))
    reached = m.row(m.sub(_X, _K), m.brackets(_T), m.sign("≥"), m.name("A"), m.sign("+"), m.name("B"))
    some = m.words(" for some ")
    first = m.equals(_RT, _T0, m.sign("+"), m.name("min"), m.braces(_T, m.sign(":"), reached, some, _K))
    return [
        equation("Every accumulator starts at a place that is uniform between 0 and A.", start),
        equation(
            f"The first {what} that reaches the threshold A + B makes the response; its time is that plus the "
            "non-decision time t0.",
            first,
        ),
    ]


def _rdm(absent: Collection[str]) -> list[Equation]:
    moves = m.equals(m.row(_D, m.sub(_X, _K)), m.sub(m.name("v"), _K), _D, _T, m.sign("+"), m.row(_D, m.sub(_W, _K)))
    words = "Evidence of accumulator k drifts at the rate v_k, with Brownian noise of standard deviation 1 of its own."
    return [equation(words, moves), *_first_of_all("accumulator")]


def _lba(absent: Collection[str]) -> list[Equation]:
    slope = m.sub(_D, _K)
    moves = m.equals(m.row(m.sub(_X, _K), m.brackets(_T)), m.sub(_X, _K), m.brackets(m.number(0)), m.sign("+"), slope,
                     _T)  # fmt: skip
    normal = m.drawn(slope, m.applied("Normal", m.sub(m.name("v"), _K), m.number(1)), m.words(", above 0"))
    return [
        equation("Evidence of accumulator k grows in a straight line of slope d_k.", moves),
        equation("Across trials the slope is normal around v_k with standard deviation 1, truncated at 0.", normal),
        *_first_of_all("accumulator"),
    ]


_PROCESSES: dict[str, Callable[[Collection[str]], list[Equation]]] = {
    "ddm": _ddm,
    "full_ddm": _full_ddm,
    "angle": _angle,
    "weibull": _weibull,
    "ornstein": _ornstein,
    "levy": _levy,
    "rdm": _rdm,
    "lba": _lba,
}
