"""What a design leaves to priors and population: few groups, conditions that a group never saw, or one choice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hddm_sbi.design.design import Design
from hddm_sbi.design.grouping import Grouping
from hddm_sbi.spec.group_block import blocks_of
from hddm_sbi.spec.missing_cells import find_missing_cells
from hddm_sbi.spec.model_spec import ModelSpec
from hddm_sbi.spec.one_choice import find_one_choice
from hddm_sbi.ssm.base import SSM
from hddm_sbi.trials.columns import enumerated, plain
from hddm_sbi.trials.plausibility import Finding, report
from hddm_sbi.trials.trials import Trials

# Groups whose standard deviation is mostly the prior's: between two there is a single difference.
_FEW = 2
# More strata than this are counted.
_NAMED = 3


def check_supplied(ssm: SSM, spec: ModelSpec, design: Design, trials: Trials) -> None:
    """Warn of what the data cannot tell."""
    report(find_supplied(ssm, spec, design, trials))


def find_supplied(ssm: SSM, spec: ModelSpec, design: Design, trials: Trials) -> Iterator[Finding]:
    """What the data cannot tell, so that priors or the population do.

    Args:
        ssm: the process.
        spec: the model.
        design: its design.
        trials: the experiment.
    """
    pooled = {term.factor for _, term in spec.group_terms() if term.sd_prior is not None}
    for factor, grouping in design.groupings.items():
        if factor in pooled:
            yield from _few_groups(grouping, trials)
        yield from find_missing_cells(design, grouping, trials, factor in pooled)
    yield from _few_in_strata(spec, trials)
    yield from find_one_choice(ssm, design, trials)


def _few_in_strata(spec: ModelSpec, trials: Trials) -> Iterator[Finding]:
    """Strata with few groups, where there are more in others."""
    for block in blocks_of(spec):
        groups = block.groups
        counts = np.bincount(groups.of_group, minlength=max(len(groups.strata), 1))
        few = np.flatnonzero(counts <= _FEW)
        if groups.n <= _FEW or not len(few):
            continue
        what = "participants" if groups.factor == trials.groupby else f"levels of '{groups.factor}'"
        shown = enumerated([f"{counts[k]} in {groups.by}={plain(groups.strata[k])}" for k in few[:_NAMED]])
        more = f" and so in {len(few) - _NAMED} more" if len(few) > _NAMED else ""
        yield Finding(
            "few groups",
            "warning",
            f"there are few {what} for standard deviations of their own ({shown}{more}): these are mostly those of "
            f"their priors; leave by={groups.by} out.",
            np.isin(groups.of_row[spec.row], few),
        )


def _few_groups(grouping: Grouping, trials: Trials) -> Iterator[Finding]:
    n, people = len(grouping.groups), grouping.factor == trials.groupby
    one, several = ("participant", "participants") if people else ("level", "levels")
    of = "" if people else f" of '{grouping.factor}'"
    if n == 1:
        sentence = (
            f"there is one {one}{of}, {plain(grouping.groups[0])}: standard deviations between {several} are those of "
            "their priors, and so is how far the population may be from this one; use groupby=None or "
            "pooling='complete'."
        )
    elif n <= _FEW:
        sentence = (
            f"with {n} {several}{of} the standard deviations between them are mostly those of their priors, and so is "
            "how far the population may be from these; the estimates of each are sound."
        )
    else:
        return
    yield Finding("few groups", "warning", sentence, np.ones(trials.n, dtype=np.bool_))
