"""How many draws lie outside the range that a network was trained on, and whom that concerns."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hddm_sbi.errors import warn
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.formulas import find_exact
from hddm_sbi.results.verdict import BoxReport, box_report
from hddm_sbi.spec.linear import natural_parameters
from hddm_sbi.spec.model_spec import ModelSpec
from hddm_sbi.ssm.base import SSM
from hddm_sbi.trials.trials import Trials

# Draws on which the share outside the network's box is measured: it is then known to about 2%.
_DRAWS = 500
# A share of draws outside the box above which a participant's estimates deserve a second look.
_TOLERATED = 0.01


def outside_box(
    box: FloatArray | None, draws: Mapping[str, FloatArray], ssm: SSM, spec: ModelSpec, trials: Trials
) -> BoxReport | None:
    """The share of draws outside the box of a network; None for likelihoods that hold everywhere.

    Args:
        box: lower and upper end for each parameter, shape (parameters, 2).
        draws: coefficients by site, each of shape (chains, draws, ...).
        ssm: the process, which knows as what a network takes its parameters.
        spec: from coefficients to parameters.
        trials: who has which design rows.

    Warns:
        HDDMWarning: more than a trace of some participant's draws is outside.
    """
    if box is None:
        return None
    flat = {site: value.reshape(-1, *value.shape[2:]) for site, value in draws.items()}
    step = max(1, len(next(iter(flat.values()))) // _DRAWS) if flat else 1
    theta = natural_parameters(spec, {site: value[::step] for site, value in flat.items()})
    names = ssm.parameter_names
    # participants may share design rows
    subject, row = np.unique(np.column_stack([trials.subject, spec.row]), axis=0).T
    theta = ssm.proportions(theta[:, row, : len(names)])  # a box is that of widths as proportions
    report = box_report(theta, box, subject, names, trials.subjects)
    if report.by_subject.max() > _TOLERATED:
        warn(report.warning(has_exact=find_exact(ssm) is not None))
    return report
