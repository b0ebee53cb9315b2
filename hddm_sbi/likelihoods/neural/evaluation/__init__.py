"""How the log density of many trials under few distinct rows of theta is found, one file for each way.

sbi evaluates its networks once for every trial. Where what a network says depends on theta alone (the masses of one
discrete variable, the spline of one continuous variable), one evaluation for each distinct row of theta is exact.

``plan``      what is known of a set of trials and need not be found again at every step of a sampler
``kinds``     which rows of theta are equal
``tangents``  the values of a small network and their derivatives by theta, in one pass
``masses``    one discrete variable
``spline``    one continuous variable, sbi's "nsf"
``mixed``     one of each, sbi's MNLE
``own_rows``  estimators that evaluate rows themselves, such as this package's networks
``general``   every other estimator, by its own ``log_prob``
``choose``    the way for an estimator, and the check that it gives what the estimator's own ``log_prob`` does
"""
