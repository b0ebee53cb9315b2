"""The upper tail of the normal distribution in units of its density, for loops that vectorise.

Mills' ratio R(x) = (1 - Phi(x)) / phi(x) falls like 1 / x, and its slope -R'(x) = 1 - x R(x) like 1 / x^2: both keep
their relative precision in the deepest tail, where the density itself underflows. Both are smooth in
t = (x - 4) / (x + 4), which maps [0, infinity] to [-1, 1]; the polynomials interpolate (x + 4) R and
(x + 4)^2 (1 - x R) at 64 Chebyshev nodes, cut where the remaining coefficients are below 1e-16 of the sum. After
Schonfelder (1978), Mathematics of Computation 32, 1232-1240.
"""

from __future__ import annotations

from hddm_sbi.compiled.compiling import inlined

# even and odd powers of t are summed apart: half as long a chain of operations that wait for each other


@inlined
def mills(x: float) -> float:
    """Mills' ratio at x >= 0."""
    scale = 1.0 / (x + 4.0)
    t = (x - 4.0) * scale
    tt = t * t
    even, odd = 8.53083886026053e-10, 2.946488876280441e-10
    even = even * tt - 9.35134044482434e-09
    odd = odd * tt - 2.142295344399263e-09
    even = even * tt + 5.3711037651589576e-08
    odd = odd * tt + 3.5919778637323777e-09
    even = even * tt - 2.1774195022039326e-07
    odd = odd * tt + 3.66737949934239e-08
    even = even * tt + 6.829633831673466e-07
    odd = odd * tt - 3.922932522029295e-07
    even = even * tt - 1.5787665654677373e-06
    odd = odd * tt + 2.563178850836918e-06
    even = even * tt + 1.7963971214040778e-06
    odd = odd * tt - 1.484070957232045e-05
    even = even * tt - 4.783264259417208e-06
    odd = odd * tt + 8.809493632053581e-05
    even = even * tt + 0.0003342446162328441
    odd = odd * tt - 0.0005792691439164002
    even = even * tt - 0.008722295274260125
    odd = odd * tt + 0.004087855661108637
    even = even * tt + 0.15139176231244347
    odd = odd * tt - 0.018900450860304858
    even = even * tt + 0.9704095548675884
    odd = odd * tt - 0.4675409629983781
    even = even * tt + 1.8932190633084853
    odd = odd * tt - 1.523770910819983
    return (even + t * odd) * scale


@inlined
def mills_slope(x: float) -> float:
    """1 - x R(x), minus the derivative of Mills' ratio, at x >= 0."""
    scale = 1.0 / (x + 4.0)
    t = (x - 4.0) * scale
    tt = t * t
    even, odd = -4.767135653894302e-10, -2.465124197903591e-09
    even = even * tt + 1.623609679022425e-08
    odd = odd * tt + 2.5947292103692927e-08
    even = even * tt - 1.6998197808063745e-07
    odd = odd * tt - 1.3168886267484257e-07
    even = even * tt + 1.0555243782849061e-06
    odd = odd * tt + 3.9849804154473516e-07
    even = even * tt - 4.832885931791756e-06
    odd = odd * tt - 4.804692883376002e-07
    even = even * tt + 1.827550783333085e-05
    odd = odd * tt - 3.0256192134795744e-06
    even = even * tt - 6.212569538082606e-05
    odd = odd * tt + 3.0016524445332216e-05
    even = even * tt + 0.00021628066135616692
    odd = odd * tt - 0.00018564054757715828
    even = even * tt - 0.0010216596887396108
    odd = odd * tt + 0.0010355752315537707
    even = even * tt + 0.008221623747252688
    odd = odd * tt - 0.005744857499879772
    even = even * tt - 0.0896710565377763
    odd = odd * tt + 0.03002888821452295
    even = even * tt + 0.8514610658632246
    odd = odd * tt - 0.0610689335072199
    even = even * tt + 4.31385155359791
    odd = odd * tt - 2.4757309012435496
    even = even * tt + 3.416989974128468
    odd = odd * tt - 4.988360931375141
    return (even + t * odd) * scale * scale
