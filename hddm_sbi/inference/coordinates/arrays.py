"""The change of coordinates as arrays that compiled code reads."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hddm_sbi.compiled.structs import FLOATS, FLOATS2, INT, INTS, INTS2, reader, record_type

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


# A group's bend is given at so many nodes a standard deviation, up to so many standard deviations on both sides.
RIDGE_NODES_PER_SD, RIDGE_END = 2.0, 4.0
RIDGE_CELLS = int(2 * RIDGE_END * RIDGE_NODES_PER_SD)
# Numbers in ``tilt_by`` of each group.
TILT_NUMBERS = 6


class Arrays(NamedTuple):
    """The change of coordinates, then working memory with one row for each slot.

    The groups' arrays hold one group after the other: of a group with k coefficients, k numbers, k k, or k times the
    length of ``shifting``.

    Args:
        centre: the point x = 0; standard deviations that are moved as signed numbers are there themselves, not as logs.
        core_at: coordinates of the core; a width of a range of starting points is the last.
        bent: 1 if it moves the others by its square, else 0.
        core: the matrix K^-T.
        scale_at, scale_signed: coordinates of the standard deviations that scale the groups' coefficients, and whether
            they are moved as signed numbers.
        shifting: places in the core that shift the groups' maxima: its terms, not its standard deviations.
        partial_at: coordinates of the partial correlations, set after set; ``set_size`` and ``set_factor`` say how many
            effects each set has and where its L begins, see ``effect_arrays``.
        partial_scales: places in ``scale_at`` of the two standard deviations of each partial correlation, shape
            (partials, 2); -1 where the scale does not change.
        bounds: first coordinate in ``group_at`` of each group, and the end of the last.
        group_at: coordinates of the groups' raw coefficients.
        group_scale: place of each one's standard deviation in ``scale_at``; -1 where its scale is ``still``.
        group_row, group_before: where the row of L begins that makes each deviation, -1 outside of correlated sets, and
            the number of effects of its set before its own.
        joint: whether a group has correlated effects.
        still: the scale of each coefficient whose scale does not change.
        prior: the prior precision of each coefficient, shape (k,).
        rest: what the precision times the mean is where the standard deviations are zero, k.
        information: the information of the data, G, shape (k, k).
        pull: G b_hat, shape (k,).
        shifts: H, what a change of these takes from the pull, k times ``shifting``.
        ridge_at: where in ``ridge_nodes`` the bend of each group begins, -1 where there is none.
        ridge_signed: of coefficients whose standard deviations are moved as signed numbers, that at the centre, k;
            else 0.
        ridge_nodes: of each bent group q and its derivative by the number of the node, shape (nodes, k, 2).
        tilt_bounds: first knot in ``tilt_knots`` of each group, and the end of the last; most groups have none.
        tilt_knots: c, l, and the slope of l before it, see ``tilt_kernels``, shape (knots, 3).
        tilt_last: slope of l beyond the last knot of each group.
        tilt_common: place in the core of the population's non-decision time, -1 without one.
        function, record: the density of u, 0 where it is not compiled.
        busy: which slots of working memory are in use.
        u, by_u: a point u, and the derivatives of the log density by it.
        moved: the core of u less the centre, the width by psi; later the derivatives by it.
        slope: the derivative of psi, by which a width is moved.
        scale, by_scale: the standard deviations ``scale_at``, with their signs.
        partial, by_partial: partial correlations before they are turned round, and derivatives by them.
        cholesky, rest_of, by_cholesky: the sets' Lambda, see ``correlations``, and derivatives by it.
        s, pulled, factor, mean, raw: of the groups, for the way back: S, G (b_hat - beta) with what else shifts it, L,
            L^-1 c, and rho.
        ridge_slope, ridge_bend, ridge_by_s: of the groups q', k, the derivative of the log Jacobian by s, and that of q
            by signed standard deviations, k.
        tilt_place, tilt_density, tilt_slope, tilt_top, tilt_mass, tilt_moment: of one group r and g at its knots; of
            each piece slope of l, g at its top, 0 where that is outside, mass and first moment.
        tilt_by: of each group derivatives of r by x, the population's t0 and s, then those of the log Jacobian.
        by_s, by_mean, by_pulled, by_factor, square, product: of one group, on the way; the last three k k.
    """

    centre: FloatArray
    core_at: IntArray
    bent: int
    core: FloatArray
    scale_at: IntArray
    scale_signed: IntArray
    shifting: IntArray
    partial_at: IntArray
    partial_scales: IntArray
    set_size: IntArray
    set_factor: IntArray
    bounds: IntArray
    group_at: IntArray
    group_scale: IntArray
    group_row: IntArray
    group_before: IntArray
    joint: IntArray
    still: FloatArray
    prior: FloatArray
    rest: FloatArray
    information: FloatArray
    pull: FloatArray
    shifts: FloatArray
    ridge_at: IntArray
    ridge_signed: FloatArray
    ridge_nodes: FloatArray
    tilt_bounds: IntArray
    tilt_knots: FloatArray
    tilt_last: FloatArray
    tilt_common: IntArray
    function: int
    record: int
    busy: IntArray
    u: FloatArray
    by_u: FloatArray
    moved: FloatArray
    slope: FloatArray
    scale: FloatArray
    by_scale: FloatArray
    partial: FloatArray
    by_partial: FloatArray
    cholesky: FloatArray
    rest_of: FloatArray
    by_cholesky: FloatArray
    s: FloatArray
    pulled: FloatArray
    factor: FloatArray
    mean: FloatArray
    raw: FloatArray
    ridge_slope: FloatArray
    ridge_bend: FloatArray
    ridge_by_s: FloatArray
    tilt_place: FloatArray
    tilt_density: FloatArray
    tilt_slope: FloatArray
    tilt_top: FloatArray
    tilt_mass: FloatArray
    tilt_moment: FloatArray
    tilt_by: FloatArray
    by_s: FloatArray
    by_mean: FloatArray
    by_pulled: FloatArray
    by_factor: FloatArray
    square: FloatArray
    product: FloatArray


ARRAYS = record_type(
    Arrays, centre=FLOATS, core_at=INTS, bent=INT, core=FLOATS2, scale_at=INTS, scale_signed=INTS, shifting=INTS,
    partial_at=INTS, partial_scales=INTS2, set_size=INTS, set_factor=INTS, bounds=INTS, group_at=INTS, group_scale=INTS,
    group_row=INTS, group_before=INTS, joint=INTS, still=FLOATS, prior=FLOATS, rest=FLOATS, information=FLOATS,
    pull=FLOATS, shifts=FLOATS, ridge_at=INTS, ridge_signed=FLOATS, ridge_nodes=FLOATS,
    tilt_bounds=INTS, tilt_knots=FLOATS2, tilt_last=FLOATS, tilt_common=INTS,
    function=INT, record=INT, busy=INTS, u=FLOATS2, by_u=FLOATS2, moved=FLOATS2, slope=FLOATS, scale=FLOATS2,
    by_scale=FLOATS2, partial=FLOATS2, by_partial=FLOATS2, cholesky=FLOATS2, rest_of=FLOATS2, by_cholesky=FLOATS2,
    s=FLOATS2, pulled=FLOATS2, factor=FLOATS2, mean=FLOATS2, raw=FLOATS2,
    ridge_slope=FLOATS2, ridge_bend=FLOATS2, ridge_by_s=FLOATS2,
    tilt_place=FLOATS2, tilt_density=FLOATS2, tilt_slope=FLOATS2, tilt_top=FLOATS2, tilt_mass=FLOATS2,
    tilt_moment=FLOATS2, tilt_by=FLOATS2, by_s=FLOATS2,
    by_mean=FLOATS2, by_pulled=FLOATS2, by_factor=FLOATS2, square=FLOATS2, product=FLOATS2,
)  # fmt: skip
read_arrays = reader(ARRAYS)
