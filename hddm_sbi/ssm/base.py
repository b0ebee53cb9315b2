"""What a sequential sampling model is: its parameters, their supports, its symmetries and its simulator."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from hddm_sbi.errors import ModelError
from hddm_sbi.ssm.evidence import Evidence
from hddm_sbi.ssm.widths import Width, to_proportions, to_theta

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# (theta of shape (rows, parameters), trials per row, seed) -> rt, choice and the logarithm of the ratio of the path's
# density to that with the drift reversed, each of shape (rows, trials)
RatioSimulator = Callable[[FloatArray, int, int], tuple[FloatArray, IntArray, FloatArray]]

# How much longer than usual a simulation may take: beyond, neither participants nor users wait for the response.
ENDLESS = 1e5

# (theta of shape (rows, parameters), trials per row, seed) -> rt and choice, each of shape (rows, trials)
Simulator = Callable[[FloatArray, int, int], tuple[FloatArray, IntArray]]

LinkName = Literal["identity", "log", "logit"]
Reflection = Literal["negate", "complement"]
Collapse = Literal["", "linear", "weibull", "jumps"]


@dataclass(frozen=True, eq=False)
class Paired:
    """A ratio simulator that belongs to one simulator: a model to which another simulator is given goes without it.

    Args:
        simulator: the simulator whose process it is; both draw from the same distribution.
        with_ratio: the ratio simulator.
    """

    simulator: Simulator
    with_ratio: RatioSimulator

    def __call__(self, theta: FloatArray, n: int, seed: int) -> tuple[FloatArray, IntArray, FloatArray]:
        """Draw n trials for each row of theta, and their ratios."""
        return self.with_ratio(theta, n, seed)


@dataclass(frozen=True, eq=False)
class Formula:
    """The exact likelihood of one simulator's process: a model to which another simulator is given goes without it.

    Args:
        simulator: draws of the same law.
        make: returns the likelihood; called once, when it is first asked for, so that nothing is compiled before.
    """

    simulator: Simulator
    make: Callable[[], object]

    @cached_property
    def likelihood(self) -> object:
        """The likelihood itself."""
        return self.make()


@dataclass(frozen=True)
class Prior:
    """What is known of a parameter before the data, on its default link's scale.

    Args:
        loc, sd: median and spread of the intercept.
        effect: spread of contrasts and of standardised slopes.
        group_sd, group_effect: scales of the standard deviations between groups, of intercepts and of effects.
        source: the publication or the argument that these numbers come from.
    """

    loc: float
    sd: float
    effect: float
    group_sd: float
    group_effect: float
    source: str


@dataclass(frozen=True)
class Parameter:
    """One parameter of a model: its support, its default link and prior, and the range a network is trained on.

    Args:
        name: the field's symbol, such as ``v``.
        support: the open or half-open interval of possible values.
        link: default link of a regression on it: ``"identity"``, ``"log"``, or ``"logit"`` of the place between the
            ends of the support.
        box: range over which a network for the model is trained.
        description: what the parameter means, with its unit.
        prior: default prior; None derives one from the box.
        within: name of a relative starting point z, for the width of a range of starting points around it: values lie
            below the room there, and ``support``, ``link``, ``box`` and ``prior`` are those of the value as a
            proportion of that. See ``widths``.
        population: whether it stays at the population level unless a formula says otherwise.
        nested: the value at which the model is a simpler one (a width of zero), if there is one: people fix it there,
            so that a network must be good there, too.
    """

    name: str
    support: tuple[float, float]
    link: LinkName
    box: tuple[float, float]
    description: str = ""
    prior: Prior | None = None
    within: str | None = None
    population: bool = False
    nested: float | None = None

    @property
    def nested_in_box(self) -> float | None:
        """``nested``, where networks are trained for it."""
        low, high = self.box
        return self.nested if self.nested is not None and low <= self.nested <= high else None

    def contains(self, values: FloatArray) -> npt.NDArray[np.bool_]:
        """Whether values are possible; an end of the support is, where the box reaches it (t0 = 0)."""
        (low, high), (first, last) = self.support, self.box
        above = (values > low) | ((values == low) & (first <= low))
        below = (values < high) | ((values == high) & (last >= high))
        return above & below & np.isfinite(values)


@dataclass(frozen=True)
class Symmetries:
    """Symmetries of a model, which a network need not learn, stated by naming parameters.

    Args:
        shift: parameter added to every response time (non-decision time).
        window: parameter that smears the shift: each response is later by a uniform draw from [0, window].
        scale: parameter that sets the length scale c of the process (boundary separation). Lengths in units of c, and
            times in units of c^k with k = ``time_power``, leave the same process with length scale 1.
        units: for parameters that carry a unit, the powers of length and of time in it: drift is ("v", 1, -1).
        time_power: k: 2 for Brownian motion; or the name of the parameter that is k.
        angles: parameters whose tangent carries the unit, not they themselves.
        mirror: parameters that change when the two choices trade places, and how: ``"negate"`` p -> -p,
            ``"complement"`` p -> 1 - p. Empty: no such symmetry.
        even: parameters whose sign leaves the decision time unchanged once the choice is given (the drift of a
            Wiener process between constant boundaries: the likelihood ratio of two drifts depends on the end point and
            the time only).
    """

    shift: str | None = None
    window: str | None = None
    scale: str | None = None
    units: tuple[tuple[str, float, float], ...] = ()
    time_power: float | str = 2.0
    angles: tuple[str, ...] = ()
    mirror: tuple[tuple[str, Reflection], ...] = ()
    even: tuple[str, ...] = ()


@dataclass(frozen=True)
class Diffusion:
    """What a network may know of a diffusion between two boundaries before it has seen any: the shape of its times.

    Args:
        drift, start: names of the drift and of the relative starting point.
        collapse: how the boundaries approach each other: ``"linear"``, by the parameter that is an angle, or
            ``"weibull"``, by the parameters shape and scale; "" where they do not; or ``"jumps"``: the process leaps
            over them, by the stability of its noise.
        collapsing: names of these parameters.
    """

    drift: str
    start: str
    collapse: Collapse = ""
    collapsing: tuple[str, ...] = ()


class Summary(NamedTuple):
    """What rules of thumb for a model's parameters start from: a few numbers for every participant.

    Args:
        time: median time of the decision in seconds, shape (participants,).
        longest: longest response time in seconds, shape (participants,).
        shares: how often each choice was made, as a proportion, never 0 or 1, shape (participants, choices).
    """

    time: FloatArray
    longest: FloatArray
    shares: FloatArray


# from the summary to rough values of some parameters by name, each of shape (participants,)
Guess = Callable[[Summary], dict[str, FloatArray]]


def whole(name: str, value: object, least: int = 0) -> int:
    """Read a count, which may be written as a whole float (1e6), as an integer.

    Args:
        name: what the message calls the count.
        value: a number, which may be one of NumPy's scalars.
        least: the smallest count that will do.

    Raises:
        ModelError: it is not a whole number, or is below ``least``.
    """
    number = value.item() if isinstance(value, np.generic) else value
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    try:
        found = least - 1 if isinstance(number, bool) else operator.index(number)  # type: ignore[arg-type]
    except TypeError:
        found = least - 1
    if found < least:
        needed = {0: "a non-negative integer", 1: "a positive integer"}.get(least, f"an integer of at least {least}")
        raise ModelError(f"{name} is {number!r:.80}; it must be {needed}.")
    return found


def numbers(name: str, values: npt.ArrayLike, needed: str) -> FloatArray:
    """Read an array of numbers as float64.

    Args:
        name: what the message calls the numbers.
        values: an array, or lists of numbers, of any shape.
        needed: what the message asks for instead.

    Raises:
        ModelError: the values are no numbers.
    """
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ModelError(f"{name} is {values!r:.80}; give {needed}.") from error


@dataclass(frozen=True)
class SSM:
    """A sequential sampling model: named parameters and a simulator of (rt, choice).

    Args:
        name: a short identifier.
        parameters: the parameters in the order of ``theta``.
        simulator: ``(theta (rows, parameters), n, seed) -> (rt, choice)``, each (rows, n); rt in seconds.
        n_choices: number of response options.
        symmetries: the symmetries that a network for the model may build in.
        diffusion: given where the process is a diffusion between two boundaries; a network then starts from the shape
            of a first-passage time.
        description: the process in a line.
        ratio_simulator: a simulator that also tells how likely each simulated path would have been with the drift
            reversed: training then learns from it for both drifts, the rarer choices above all. One that is ``Paired``
            with another simulator than the model's is left out.
        effort: how much longer than usual simulations at theta, (rows, parameters), take, at least 1: training draws
            such rows the less often, and beyond ``ENDLESS`` none are simulated; None: nowhere longer.
        guess: rules of thumb for where the search for a first point begins; parameters without one begin at the median
            of their prior, or in the middle of their box.
        exact: the exact likelihood, where there is one: an object that satisfies ``hs.Likelihood``. It is left out of a
            copy of the model with another simulator.
        evidence: how it accumulates, for pictures of the model; None: they show response times alone. It is left out of
            such a copy, too.
    """

    name: str
    parameters: tuple[Parameter, ...]
    simulator: Simulator
    n_choices: int = 2
    symmetries: Symmetries = Symmetries()
    diffusion: Diffusion | None = None
    description: str = ""
    ratio_simulator: RatioSimulator | None = None
    effort: Callable[[FloatArray], FloatArray] | None = None
    guess: Guess | None = None
    exact: object = None
    evidence: Evidence | None = None

    def __post_init__(self) -> None:
        if self.exact is not None and not isinstance(self.exact, Formula):
            likelihood = self.exact
            object.__setattr__(self, "exact", Formula(self.simulator, lambda: likelihood))
        if isinstance(self.exact, Formula) and self.exact.simulator is not self.simulator:
            object.__setattr__(self, "exact", None)
        if self.evidence is not None and self.evidence.simulator is None:
            object.__setattr__(self, "evidence", replace(self.evidence, simulator=self.simulator))
        if self.evidence is not None and self.evidence.simulator is not self.simulator:
            object.__setattr__(self, "evidence", None)
        object.__setattr__(self, "n_choices", whole("n_choices", self.n_choices, 1))
        # dataclasses.replace(model, simulator=another) keeps every other field
        if isinstance(self.ratio_simulator, Paired) and self.ratio_simulator.simulator is not self.simulator:
            object.__setattr__(self, "ratio_simulator", None)

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Names in the order of ``theta``."""
        return tuple(parameter.name for parameter in self.parameters)

    @property
    def widths(self) -> tuple[Width, ...]:
        """The parameters that are widths of ranges of starting points."""
        names = self.parameter_names
        return tuple(Width(k, names.index(p.within)) for k, p in enumerate(self.parameters) if p.within is not None)

    @property
    def box(self) -> FloatArray:
        """Training ranges, shape (parameters, 2)."""
        return np.array([parameter.box for parameter in self.parameters], dtype=np.float64)

    def proportions(self, theta: FloatArray) -> FloatArray:
        """``theta``, (..., parameters), with widths as proportions of their room: what supports and boxes are about."""
        return to_proportions(theta, self.widths)

    def in_room(self, proportions: FloatArray) -> FloatArray:
        """Theta from vectors, (..., parameters), whose widths are proportions: the inverse of ``proportions``."""
        return to_theta(proportions, self.widths)

    def endless(self, theta: FloatArray) -> npt.NDArray[np.bool_]:
        """Whether the process at ``theta``, (rows, parameters), practically never responds, shape (rows,)."""
        if self.effort is None:
            return np.zeros(len(theta), dtype=np.bool_)
        with np.errstate(over="ignore"):
            return self.effort(theta) > ENDLESS

    def possible(self, theta: FloatArray) -> npt.NDArray[np.bool_]:
        """Whether every parameter of ``theta``, (..., parameters), lies in its support, shape (...)."""
        columns = np.moveaxis(self.proportions(theta), -1, 0)
        inside = [parameter.contains(column) for parameter, column in zip(self.parameters, columns, strict=True)]
        return np.logical_and.reduce(inside)

    def parameter(self, name: str) -> Parameter:
        """Find the parameter called ``name``.

        Raises:
            ModelError: the model has no such parameter.
        """
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        raise ModelError(
            f"the model '{self.name}' has no parameter '{name}'; its parameters are {', '.join(self.parameter_names)}."
        )
