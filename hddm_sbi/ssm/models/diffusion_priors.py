"""Default priors of the parameters that diffusion models share, from published estimates.

On the default links. ``effect`` is the standard deviation of a normal distribution, ``group_sd`` and ``group_effect``
are scales of half-normal distributions; see ``hddm_sbi.spec.priors`` for what is made of them:

| parameter | link | intercept | effect | group_sd | group_effect | on the natural scale, 95 % of the intercept |
|---|---|---|---|---|---|---|
| v | identity | Normal(0, 2); accuracy and stimulus coding Normal(2, 2) | 2 | 1 | 1 | -4 to 4; -2 to 6 |
| a | log | Normal(log 1.5, 0.5) | 0.5 | 0.5 | 0.25 | 0.56 to 4.0 |
| z | logit | Normal(0, 0.5) | 0.5 | 0.3 | 0.3 | 0.27 to 0.73 |
| t0 | log | Normal(log 0.3, 0.6) | 0.5 | 0.5 | 0.25 | 0.09 to 0.97 s |
| sv | log | Normal(log 1, 0.7) | 0.5 | 0.5 | 0.25 | 0.25 to 3.9 |
| sz | logit of the proportion | Normal(-1, 1) | 0.5 | 0.3 | 0.3 | 0.05 to 0.72 |
| st0 | log | Normal(log 0.15, 0.7) | 0.5 | 0.5 | 0.25 | 0.04 to 0.59 s |

Sources: Matzke & Wagenmakers 2009 (Psychonomic Bulletin & Review 16, 798-817), their estimates with noise s = 0.1
divided by 0.1; Wiecki, Sofer & Frank 2013 (Frontiers in Neuroinformatics 7:14), whose informative priors summarise
them for s = 1: a Gamma(mean 1.5, sd 0.75), v Normal(2, 3), t Gamma(mean 0.4, sd 0.2), z invlogit(Normal(0, 0.5)), sv
HalfNormal(2), sz Beta(1, 3), st HalfNormal(0.3); Tran, van Maanen, Heathcote & Matzke 2021 (Frontiers in Psychology
11:608287), s = 1: a Gamma(11.69, 0.12) with mean 1.40 and sd 0.41, |v| Normal(1.76, 1.51), Ter t(0.44, 0.08, df
1.32), z t(0.50, 0.05, df 1.85), sv Normal(1.36, 0.69), sz Normal(0.33, 0.22). Drift is symmetric around 0 unless
responses are coded by accuracy or stimulus, for published drifts are those towards the correct answer; for drift an
effect is as wide as the intercept, because a stimulus in the formula turns the drift round, a difference of twice its
size. Here t0 is the smallest non-decision time, so its median lies below that of Ter, the mean.
"""

from __future__ import annotations

import math
from dataclasses import replace

from hddm_sbi.ssm.base import Prior

_HDDM = "Wiecki, Sofer & Frank 2013, after Matzke & Wagenmakers 2009"
_TRAN = "Tran et al. 2021"

V = Prior(0.0, 2.0, 2.0, 1.0, 1.0, f"{_HDDM}; {_TRAN}; symmetric around 0")
# Accuracy and stimulus coding: published drifts are those towards the correct answer.
V_TO_CORRECT = replace(V, loc=2.0, source=f"{_HDDM}; {_TRAN}; towards the correct answer")
A = Prior(math.log(1.5), 0.5, 0.5, 0.5, 0.25, f"{_HDDM}; {_TRAN}")
Z = Prior(0.0, 0.5, 0.5, 0.3, 0.3, f"{_HDDM}; {_TRAN}")
T0 = Prior(math.log(0.3), 0.6, 0.5, 0.5, 0.25, f"{_HDDM}; {_TRAN}")
SV = Prior(0.0, 0.7, 0.5, 0.5, 0.25, f"{_HDDM}; {_TRAN}")
SZ = Prior(-1.0, 1.0, 0.5, 0.3, 0.3, f"{_HDDM}; {_TRAN}")
ST0 = Prior(math.log(0.15), 0.7, 0.5, 0.5, 0.25, _HDDM)
