"""Lapses that are too many to be lapses."""

from __future__ import annotations

from hddm_sbi.errors import warn
from hddm_sbi.likelihoods.observation.lapses import P_OUTLIER
from hddm_sbi.results.variables import Variables

# The default prior, Beta(1, 20), holds one in seven for improbable (5%), and one in five for much more so (1%).
_TOLERATED = 0.2


def check_lapses(variables: Variables) -> None:
    """Warn where more than a fifth of the trials are put down to lapses.

    Args:
        variables: the draws by name; those of a constant lapse probability are not among them.

    Warns:
        HDDMWarning: the posterior mean of ``p_outlier`` is above 0.2.
    """
    if P_OUTLIER not in variables:
        return
    share = float(variables[P_OUTLIER][1].mean())
    if share > _TOLERATED:
        warn(
            f"{100.0 * share:.0f}% of the trials are put down to lapses (posterior mean of {P_OUTLIER}), so the model "
            "does not describe them: look at plot_predictive, and for time-outs recorded as responses, other units, or "
            "conditions that the formulas leave out, before you use the other estimates."
        )
