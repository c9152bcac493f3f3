"""The random numbers of rollouts: the same bits wherever they are computed, as docs/protocol.md specifies.

Philox4x64-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011) gives the bits, and Wichura's
AS 241 (PPND16, Applied Statistics 37, 1988) makes normal ones of them. All arithmetic is IEEE 754 double precision, one
operation after the other: logarithms and exponentials are computed here, since libraries differ in their last bits.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_WORD = (1 << 64) - 1
# ln 2 in two parts, of which the first has 32 bits: products with an exponent are exact.
_LN2_HIGH = 0.6931471803691238
_LN2_LOW = 1.9082149292705877e-10
_LOG2_E = 1.4426950408889634
_SQRT_HALF = 0.7071067811865476
LOG_SQRT_2_PI = 0.9189385332046727
# 2/3, 2/5, … of the series of log((1 + s) / (1 - s)), the highest power first.
_LOG_SERIES = [2.0 / power for power in range(21, 1, -2)]
# 1/13!, …, 1/2!, of the exponential's series.
_EXP_SERIES = [1.0 / math.factorial(number) for number in range(13, 1, -1)]

# Numerator and denominator, the highest power first.
_CENTRE = (
    (
        2509.0809287301227,
        33430.57558358813,
        67265.7709270087,
        45921.95393154987,
        13731.69376550946,
        1971.5909503065513,
        133.14166789178438,
        3.3871328727963665,
    ),
    (
        5226.495278852854,
        28729.085735721943,
        39307.89580009271,
        21213.794301586597,
        5394.196021424751,
        687.1870074920579,
        42.31333070160091,
        1.0,
    ),
)
_MIDDLE = (
    (
        0.0007745450142783414,
        0.022723844989269184,
        0.2417807251774506,
        1.2704582524523684,
        3.6478483247632045,
        5.769497221460691,
        4.630337846156546,
        1.4234371107496835,
    ),
    (
        1.0507500716444169e-09,
        0.0005475938084995345,
        0.015198666563616457,
        0.14810397642748008,
        0.6897673349851,
        1.6763848301838038,
        2.053191626637759,
        1.0,
    ),
)
_TAIL = (
    (
        2.0103343992922881e-07,
        2.7115555687434876e-05,
        0.0012426609473880784,
        0.026532189526576124,
        0.29656057182850487,
        1.7848265399172913,
        5.463784911164114,
        6.657904643501103,
    ),
    (
        2.0442631033899397e-15,
        1.421511758316446e-07,
        1.8463183175100548e-05,
        0.0007868691311456133,
        0.014875361290850615,
        0.1369298809227358,
        0.599832206555888,
        1.0,
    ),
)


def uniforms(seed: int, lanes: range, first_step: int, steps: int, draws: int) -> Array:
    """Numbers in (0, 1), float64 (steps, lanes, draws): those of some lanes for consecutive steps."""
    first = first_step * draws
    skip = first % 4
    result = np.empty((steps, len(lanes), draws))
    generator = np.random.Philox(0)
    state = generator.state
    state["state"]["key"][:] = seed, 0
    # Nothing is left of an earlier block of four words.
    state["buffer_pos"] = 4
    for index, lane in enumerate(lanes):
        # NumPy counts up before it computes a block.
        before = ((lane << 64) + first // 4 - 1) % (1 << 256)
        state["state"]["counter"][:] = [before >> shift & _WORD for shift in (0, 64, 128, 192)]
        generator.state = state
        words = generator.random_raw(skip + steps * draws)[skip:]
        result[:, index] = ((words >> np.uint64(12)).astype(np.float64) + 0.5).reshape(steps, draws)
    result *= 2.0**-52
    return result


def log(x: Array) -> Array:
    """Natural logarithm of normal positive numbers."""
    mantissa, exponent = np.frexp(x)
    small = mantissa < _SQRT_HALF
    mantissa = np.where(small, mantissa + mantissa, mantissa)
    exponent = (exponent - small).astype(np.float64)
    s = (mantissa - 1.0) / (mantissa + 1.0)
    s2 = s * s
    series = _horner(_LOG_SERIES, s2) * s2
    result: Array = exponent * _LN2_HIGH + (exponent * _LN2_LOW + (series * s + (s + s)))
    return result


def exp(x: Array) -> Array:
    """Exponential; of what is outside [-700, 700], that of the bound."""
    x = np.minimum(np.maximum(x, -700.0), 700.0)
    k = np.floor(x * _LOG2_E + 0.5)
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    series = (_horner(_EXP_SERIES, r) * r + 1.0) * r + 1.0
    result: Array = np.ldexp(series, k.astype(np.int32))
    return result


def normals(u: Array) -> Array:
    """Standard normal numbers: the quantiles at `u`."""
    q = u - 0.5
    r = 0.180625 - q * q
    result: Array = q * (_horner(_CENTRE[0], r) / _horner(_CENTRE[1], r))
    outer = np.abs(q) > 0.425
    side = q[outer]
    r = np.sqrt(-log(np.minimum(u[outer], 1.0 - u[outer])))
    near = r <= 5.0
    middle, tail = r - 1.6, r - 5.0
    magnitude = np.where(
        near,
        _horner(_MIDDLE[0], middle) / _horner(_MIDDLE[1], middle),
        _horner(_TAIL[0], tail) / _horner(_TAIL[1], tail),
    )
    result[outer] = np.where(side < 0.0, -magnitude, magnitude)
    return result


def gumbels(u: Array) -> Array:
    """Standard Gumbel numbers: the quantiles at `u`."""
    return -log(-log(u))


def _horner(coefficients: Any, x: Array) -> Array:
    """The polynomial with these coefficients, the highest power's first."""
    result: Array = x * coefficients[0] + coefficients[1]
    for coefficient in coefficients[2:]:
        result *= x
        result += coefficient
    return result
