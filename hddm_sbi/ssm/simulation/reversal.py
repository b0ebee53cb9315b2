r"""How likely a simulated path would have been with the drift reversed.

For Brownian motion with drift v, observed on its way from x0 to x_T, the density of the path relative to that with
drift -v is exp(2 v (x_T - x0)) (Girsanov 1960). Where it leaves is known: on the boundary of the choice.
"""

from __future__ import annotations

from collections.abc import Callable

from hddm_sbi.ssm.base import FloatArray, IntArray, Paired, Simulator

# theta (rows, parameters) and decision times (rows, n) -> half the distance of the boundaries, (rows, n) or (rows, 1)
HalfWidth = Callable[[FloatArray, FloatArray], FloatArray]


def with_reversal(simulator: Simulator, half_width: HalfWidth) -> Paired:
    """Make the ratio simulator of a model with parameters v, a, z, t0, ... and constant drift.

    Args:
        simulator: the model's simulator.
        half_width: how far its boundaries are from the middle, given theta and the decision times.
    """

    def simulate(theta: FloatArray, n: int, seed: int) -> tuple[FloatArray, IntArray, FloatArray]:
        rt, choice = simulator(theta, n, seed)
        v, a, z, t0 = (theta[:, [k]] for k in range(4))
        end = (2.0 * choice - 1.0) * half_width(theta, rt - t0)
        return rt, choice, 2.0 * v * (end - (z - 0.5) * a)

    return Paired(simulator, simulate)
