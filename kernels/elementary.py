"""`exp`, `tanh` and the logistic function of vectors, all three from one polynomial.

With n the whole number nearest to x / log(2), and r = x - n log(2) what is left, exp(x) = 2**n exp(r); r lies within
log(2) / 2 of 0, where a polynomial of degree 6 is near enough to exp(r) - 1. It is that minus 1 which keeps the small
numbers that `tanh` needs near 0 (Muller 2016, "Elementary Functions", chapters 3 and 11). NaN stays NaN, and the limits
at infinity are exact.
"""

from .jit import inlined
from .simd import maximum, minimum, power_of_two, splat, step

LOG_2 = 0.6931471805599453
LOG_2_HIGH = 355 / 512  # so few bits that its products with whole numbers are exact
LOG_2_LOW = LOG_2 - LOG_2_HIGH
UNITS = 1.5 * 2.0**23  # float32 of about this size are whole numbers: adding it, and taking it away, rounds

LEAST, MOST = -104.0, 89.0  # of these, exp is 0 and infinite in float32
MOST_TANH = 10.0  # tanh is 1 from 9.02 on

# What each result may be off by, in units of its last place; the most that was found among all 2**32 numbers, and some.
ULP = {"exp": 1.1, "tanh": 2.6, "logistic": 2.6}


@inlined
def nearest(x):
    """The whole number nearest to each lane, for those within 2**22 of 0."""
    return x + splat(UNITS) - splat(UNITS)


@inlined
def split(x):
    """(n, r): the whole number nearest to x / log(2), and x - n log(2)."""
    n = nearest(x * splat(1 / LOG_2))
    return n, x - n * splat(LOG_2_HIGH) - n * splat(LOG_2_LOW)


@inlined
def expm1(r):
    """exp(r) - 1, for r within log(2) / 2 of 0, with the coefficients of the least largest error: 1.4e-8."""
    p = splat(1.3870656e-3) * r + splat(8.366262e-3)
    p = p * r + splat(4.1667435e-2)
    p = p * r + splat(0.16666546)
    p = p * r + splat(0.49999997)
    return r + r * r * p


@inlined
def exp(x):
    """The exponential of each lane."""
    n, r = split(minimum(maximum(x, splat(LEAST)), splat(MOST)))
    half = nearest(splat(0.5) * n)  # 2**n itself may be too large or too small for a float32
    return (splat(1.0) + expm1(r)) * power_of_two(half) * power_of_two(n - half)


@inlined
def logistic(x):
    """1 / (1 + exp(-x)) of each lane."""
    e = exp(minimum(x, splat(0.0) - x))
    return maximum(e, step(x)) / (splat(1.0) + e)


@inlined
def tanh(x):
    """The hyperbolic tangent of each lane."""
    n, r = split(splat(2.0) * minimum(maximum(x, splat(-MOST_TANH)), splat(MOST_TANH)))
    power = power_of_two(n)
    e = power * expm1(r) + (power - splat(1.0))  # exp(2x) - 1
    return e / (e + splat(2.0))
