"""Working memory of a block of trials: where each intermediate result of a first-passage network's piece begins.

They share one array: two arrays might overlap, for all the compiler knows, and then no loop would vectorise. Some take
the place of what is no longer needed.
"""

from hddm_sbi.likelihoods.driver.piece import BLOCK

# The place u in the spline's interval, the interval and its polynomial; the time on the boundaries' clock, the
# logarithm of its rate, and one by its root; derivatives of the logarithm of the rate by the decision time, of time and
# logarithm by the clock's first parameter, and by its second.
U, INTERVAL, P0, P1, P2, P3, P4, TIME, LOG_RATE, PER_ROOT, RATE_BY_TIME, TIME_BY_FIRST, RATE_BY_FIRST = (
    k * BLOCK for k in range(13)
)
TIME_BY_SECOND, RATE_BY_SECOND = 13 * BLOCK, 14 * BLOCK
# Derivatives of each log density: by the spline's polynomial, that is its height and each power of u in its slope, by
# zeta and delta, by the decision time in units, the logarithm of the unit, and the clock's parameters. They take the
# place of what they are calculated from, trial by trial.
BY_P0, BY_P1, BY_P2, BY_P3, BY_P4, BY_UNIT = P0, P1, P2, P3, P4, PER_ROOT
BY_FIRST, BY_SECOND = TIME_BY_FIRST, TIME_BY_SECOND
BY_ZETA, BY_DELTA, BY_TIME = 15 * BLOCK, 16 * BLOCK, 17 * BLOCK
SIZE = 18 * BLOCK
