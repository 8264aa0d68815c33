"""Student's t distribution, central and noncentral, without scipy: a table of ten records is shown before scipy is imported."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

_TINY = 1e-300
_TERMS = 250
_STEPS = 200
_POINTS = 1600


def two_sided_p(t: float, df: float) -> float:
    """Return P(abs(T) >= abs(t)) for T with ``df`` degrees of freedom, as ``2 * scipy.special.stdtr(df, -abs(t))``.

    p = I_x(df / 2, 1 / 2) with x = df / (df + t^2), the regularised incomplete beta function.
    """
    if math.isinf(t):
        return 0.0
    square = t * t
    return incomplete_beta(df / 2.0, 0.5, df / (df + square), square / (df + square))


def density(t: float, df: float) -> float:
    """Return the density of Student's t at ``t``, as ``scipy.stats.t.pdf``."""
    log_front = math.lgamma(0.5 * (df + 1.0)) - math.lgamma(0.5 * df) - 0.5 * math.log(df * math.pi)
    return math.exp(log_front - 0.5 * (df + 1.0) * math.log1p(t * t / df))


@lru_cache(maxsize=8192)
def quantile(probability: float, df: float) -> float:
    """Return the t with P(T <= t) = ``probability``, 0.5 < probability < 1, as ``scipy.special.stdtrit``.

    Newton's method for log P(T > t) as a function of log t, which is concave and in the tail almost a line. It starts from the
    normal quantile, which is smaller; the first step goes beyond the solution, and all others come closer to it from there.
    """
    tail = 1.0 - probability
    t = NormalDist().inv_cdf(probability)
    for _ in range(_STEPS):
        p = 0.5 * two_sided_p(t, df)
        step = math.log(p / tail) * p / (t * density(t, df))
        t *= math.exp(step)
        if abs(step) <= 1e-8:  # the error is squared in each step: what is left is rounding
            break
    return t


def noncentral_cdf(t: float, df: float, noncentrality: float) -> float:
    """Return P(T <= t) for T = (Z + noncentrality) / S, Z ~ N(0, 1), S = sqrt(chi^2_df / df), as ``scipy.special.nctdtr``.

    The probability is the mean of Phi(t S - noncentrality) over log S, by the trapezoidal rule; absolute error below 1e-9
    for abs(t) <= 13; for two seeds per row and very many pairs, where t is above 100, it reaches 0.004.
    """
    spread = 1.0 / math.sqrt(2.0 * df)
    low, high = -max(40.0 / df, 10.0 * spread), math.log1p(12.0 * spread)
    width = (high - low) / _POINTS
    log_front = math.log(2.0) + 0.5 * df * math.log(0.5 * df) - math.lgamma(0.5 * df)
    total = 0.0
    for k in range(_POINTS + 1):
        log_s = low + k * width
        s = math.exp(log_s)
        weight = math.exp(log_front + df * (log_s - 0.5 * s * s))
        total += weight * 0.5 * math.erfc((noncentrality - t * s) / math.sqrt(2.0))
    return min(1.0, total * width)


def incomplete_beta(a: float, b: float, x: float, complement: float) -> float:
    """Return I_x(a, b), the regularised incomplete beta function, by Lentz's continued fraction (DLMF 8.17.22).

    ``complement`` is 1 - x, passed by the caller because 1 - x loses digits near x = 1.
    """
    if x <= 0.0:
        return 0.0
    if complement <= 0.0:
        return 1.0
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - incomplete_beta(b, a, complement, x)
    log_beta = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    front = math.exp(a * math.log(x) + b * math.log(complement) - log_beta) / a
    # the first step with m = 0, then pairs of steps; c and d stay away from zero
    d = 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > _TINY else _TINY)
    c, fraction = 1.0, d
    for m in range(1, _TERMS):
        twice = a + 2 * m
        for term in (m * (b - m) * x / ((twice - 1.0) * twice), -(a + m) * (a + b + m) * x / (twice * (twice + 1.0))):
            d = 1.0 + term * d
            d = 1.0 / d if d > _TINY or d < -_TINY else 1.0 / _TINY
            c = 1.0 + term / c
            if -_TINY <= c <= _TINY:
                c = _TINY
            factor = c * d
            fraction *= factor
        if -1e-15 < 1.0 - factor < 1e-15:
            break
    return front * fraction
