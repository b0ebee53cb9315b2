"""A model as a picture: boundaries, where evidence starts, how it moves, and the response times that follow."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hddm_sbi.errors import ModelError
from hddm_sbi.plots.bins import bin_edges, density
from hddm_sbi.plots.panels import COLOURS, LINES, SMALL, Canvas, axes
from hddm_sbi.plots.values import theta_of
from hddm_sbi.ssm.base import SSM, FloatArray, whole
from hddm_sbi.ssm.evidence import Evidence, passages
from hddm_sbi.ssm.registry import simulate
from hddm_sbi.trials.columns import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The axis ends where this share of the responses does.
_SHOWN = 0.98
_STEPS = 1500
# Letters in a line of the title.
_TITLE = 44
# Height of the densities, and of the gap below them, in units of the room for evidence.
_HEIGHT, _GAP = 0.55, 0.04


def cartoon(
    model: str | SSM,
    theta: npt.ArrayLike | Mapping[str, float] | Any,
    ax: Canvas = None,
    *,
    condition: str | None = None,
    options: Sequence[object] | None = None,
    paths: int = 8,
    trials: int = 5000,
    seed: int = 0,
) -> Axes:
    """The process with given parameters: boundaries, start, sample paths, and densities of response times.

    Densities are those of trials from the model's own simulator; paths are drawn step by step. The dashed line is the
    evidence without noise; a thick bar at its beginning is the range of starts. A model of one's own shows its response
    times, and paths where it has ``evidence``.

    Args:
        model: a name from ``list_models()``, or an ``SSM``.
        theta: parameters on their natural scales, in the model's order or by name; or a result of ``model.sample``,
            whose typical participant it then is.
        ax: axes to draw on; default a new figure.
        condition: of a result, the condition that is drawn, ``"conf=HC"``, where parameters differ between conditions.
        options: labels of the choices, in order.
        paths: number of sample paths.
        trials: number of simulated trials behind the densities.
        seed: a non-negative integer; the same seed gives the same picture.

    Returns:
        The axes.

    Raises:
        ModelError: the model is unknown, theta does not fit it, or what a model of one's own declares is no evidence.
        DataError: the results lack a parameter, or the condition is none of theirs.

    Example:
        >>> ax = plots.cartoon("ddm", {"v": 1.0, "a": 1.5, "z": 0.5, "t0": 0.3})
        >>> ax.get_xlabel()
        'time (s)'
    """
    ssm, values = theta_of(model, theta, condition)
    counts = whole("paths", paths), whole("trials", trials, 100)
    rt, choice = simulate(ssm, values, counts[1], seed)
    one = axes(ax, (6.0, 4.2))
    until = float(np.quantile(rt, _SHOWN)) * 1.05
    names = _names(ssm, options)
    ends = (0.0, 0.0)
    if ssm.evidence is not None:
        ends = _draw_evidence(ssm, ssm.evidence, values, one, until, counts[0], seed)
    _draw_densities(rt, choice, names, one, until, ends, mirrored=len(names) == 2 and _is_diffusion(ssm))
    one.set_xlim(0.0, until)
    one.set_xlabel("time (s)")
    one.set_ylabel("evidence" if ssm.evidence is not None else "density")
    one.set_yticks([])
    one.spines[["top", "right", "left"]].set_visible(False)
    shown = ", ".join(
        f"{name}\u00a0=\u00a0{value:.3g}" for name, value in zip(ssm.parameter_names, values, strict=True)
    )
    one.set_title(textwrap.fill(f"{ssm.name}: {shown}", _TITLE), fontsize=SMALL)
    return one


def _is_diffusion(ssm: SSM) -> bool:
    """Whether two choices lie on two sides: of evidence, or of nothing that is known."""
    return ssm.evidence is None or len(ssm.evidence.bounds(ssm.box.mean(axis=1), np.zeros(1))) == 2


def _names(ssm: SSM, options: Sequence[object] | None) -> list[str]:
    """What the choices are called.

    Raises:
        ModelError: there are more or fewer labels than choices.
    """
    if options is None:
        count = ssm.n_choices
        return ["lower", "upper"] if count == 2 and ssm.diffusion is not None else [str(k) for k in range(count)]
    if len(options) != ssm.n_choices:
        raise ModelError(
            f"options names {len(options)} choices, but the model '{ssm.name}' has {ssm.n_choices}; name each of them."
        )
    return [str(plain(option)) for option in options]


def _draw_evidence(
    ssm: SSM, evidence: Evidence, theta: FloatArray, ax: Axes, until: float, count: int, seed: int
) -> tuple[float, float]:
    """Draw boundaries, starts, paths and the course without noise.

    Returns:
        The lowest and the highest boundary: where densities begin.
    """
    shift = ssm.symmetries.shift
    t0 = theta[ssm.parameter_names.index(shift)] if shift is not None else 0.0
    times = np.linspace(0.0, max(until - t0, 1e-3), _STEPS)
    rng = np.random.default_rng(seed)
    bounds = _checked(ssm, evidence, theta, times)
    for k, bound in enumerate(bounds):
        ax.plot(t0 + times, bound, color="black", linewidth=1.4, label="_" if k else "boundary")
    many = evidence.starts(theta, 1000, rng)
    middle = evidence.starts(theta, 1, None)
    ax.plot([t0, t0], [many.min(), many.max()], color="black", linewidth=3.0, solid_capstyle="butt", label="_starts")
    ax.plot([0.0, t0], [middle.mean()] * 2, color="black", linewidth=1.0, label="_before")
    drawn = passages(evidence, theta, times, count, rng)
    for path, choice, step in zip(drawn.paths, drawn.choice, drawn.step, strict=True):
        for k, accumulator in enumerate(path):
            side = choice if len(path) == 1 else k
            colour = COLOURS[side] if side >= 0 else "0.6"
            kept = accumulator[: step + 1]
            ax.plot(
                t0 + times[: step + 1], _inside(kept, bounds), color=colour, linewidth=0.6, alpha=0.7, label="_path"
            )
    course = evidence.moves(theta, middle, times, None)[0]
    for k, line in enumerate(course):
        beyond = _beyond(line, bounds)
        stop = int(beyond.argmax()) if beyond.any() else len(times) - 1
        ax.plot(
            t0 + times[: stop + 1], line[: stop + 1], color="black", linestyle=LINES[0], linewidth=1.3,
            label="without noise" if k == 0 else "_",
        )  # fmt: skip
    _label(ssm, ax, t0, middle, bounds, until)
    lowest = min(float(bounds.min()), float(many.min()))
    return lowest, float(bounds.max())


def _inside(path: FloatArray, bounds: FloatArray) -> FloatArray:
    """A path up to where it ends: the last step is on the boundary, not beyond."""
    low = bounds[0][: len(path)] if len(bounds) == 2 else np.full(len(path), -np.inf)
    return np.clip(path, low, bounds[-1][: len(path)])


def _beyond(path: FloatArray, bounds: FloatArray) -> npt.NDArray[np.bool_]:
    above = path >= bounds[-1]
    return np.asarray(above | (path <= bounds[0]) if len(bounds) == 2 else above)


def _checked(ssm: SSM, evidence: Evidence, theta: FloatArray, times: FloatArray) -> FloatArray:
    """The boundaries, if what a model declares has the shapes that it must have.

    Raises:
        ModelError: it has not.
    """
    bounds = np.asarray(evidence.bounds(theta, times))
    starts = np.asarray(evidence.starts(theta, 2, None))
    accumulators = 1 if len(bounds) == 2 else ssm.n_choices
    moved = np.asarray(evidence.moves(theta, starts, times, None)) if starts.ndim == 2 else np.empty(0)
    n = len(times)
    for name, found, wanted in (
        ("bounds", bounds.shape, ((2, n), (1, n))),
        ("starts", starts.shape, ((2, accumulators),)),
        ("moves", moved.shape, ((2, accumulators, n),)),
    ):
        if found not in wanted:
            raise ModelError(
                f"the evidence of the model '{ssm.name}' has {name} of shape {found}, not "
                f"{' or '.join(map(str, wanted))}; see hs.Evidence."
            )
    return bounds


def _label(ssm: SSM, ax: Axes, t0: float, middle: FloatArray, bounds: FloatArray, until: float) -> None:
    """Write the parameters' names where they can be seen."""
    if ssm.symmetries.shift is not None and t0 > 0.0:
        ax.annotate(
            ssm.symmetries.shift, (0.5 * t0, float(middle.mean())), xytext=(0, 4), textcoords="offset points",
            ha="center", fontsize=SMALL,
        )  # fmt: skip
    if ssm.diffusion is not None and len(bounds) == 2:
        z, at = ssm.diffusion.start, t0 + 0.012 * until
        for end in (bounds[0, 0], float(middle.mean())):
            ax.annotate(
                "", (t0 - 0.012 * until, end), xytext=(t0 - 0.012 * until, float(bounds[0, 0])),
                arrowprops={"arrowstyle": "<->", "linewidth": 0.7, "shrinkA": 0, "shrinkB": 0},
            )  # fmt: skip
        ax.text(at - 0.03 * until, 0.5 * (bounds[0, 0] + float(middle.mean())), f"{z} a", ha="right", fontsize=SMALL)


def _draw_densities(
    rt: FloatArray, choice: npt.NDArray[np.int64], names: Sequence[str], ax: Axes, until: float,
    ends: tuple[float, float], *, mirrored: bool,
) -> None:  # fmt: skip
    """Draw the density of each choice beyond its boundary."""
    low, high = ends
    room = high - low or 1.0
    edges = bin_edges(rt, until)
    found = [density(rt[None], choice[None], k, edges)[0] for k in range(len(names))]
    scale = _HEIGHT * room / max(max(float(one.max()) for one in found), 1e-12)
    gap = _GAP * room if high > low else 0.0
    for k, one in enumerate(found):
        down = mirrored and k == 0
        base, side = (low - gap, -1.0) if down else (high + gap, 1.0)
        share = 100.0 * float((choice == k).mean())
        curve = base + side * scale * one
        ax.stairs(curve, edges, baseline=base, fill=True, color=COLOURS[k], alpha=0.3, label=names[k])
        ax.stairs(curve, edges, baseline=None, color=COLOURS[k], linestyle=LINES[k], label=f"_{names[k]}")
        # late responses are rare: there is room for a line for each choice
        ax.annotate(
            f"{names[k]}: {share:.1f}%", (1.0, 0.0 if down else 1.0), xycoords="axes fraction",
            xytext=(0, 4 if down else -4 - 12 * (0 if mirrored else k)), textcoords="offset points", ha="right",
            va="bottom" if down else "top", fontsize=SMALL, color=COLOURS[k],
        )  # fmt: skip
    if mirrored:  # room for the words; now that all is drawn, since this ends autoscaling
        ax.set_ylim(bottom=low - gap - scale * float(found[0].max()) - 0.2 * room)
