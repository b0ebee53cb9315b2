"""Working memory of the trials that a network's sum evaluates together: where each intermediate result begins.

They share one array: two arrays might overlap, for all the compiler knows, and then no loop would vectorise.
"""

# Trials evaluated together: their intermediate results fit the first-level cache.
TILE = 128

# The place u in the spline's interval, the interval and its polynomial; derivatives by the spline's height and slope;
# the time on the boundaries' clock and the logarithm of its rate; the derivative by that time; the trial's weight.
U, INTERVAL, P0, P1, P2, P3, P4, BY_HEIGHT, BY_SLOPE, TIME, LOG_RATE, BY_TIME, WEIGHT = (k * TILE for k in range(13))
SIZE = 13 * TILE
