# SPDX-License-Identifier: Apache-2.0
"""Student's t: the quantiles that a confidence interval of a mean needs."""

from __future__ import annotations

import math

_HALVINGS = 200


def within(t: float, freedom: int) -> float:
    """The probability that Student's t with `freedom` (>= 1) degrees lies between -t and t (>= 0).

    The finite series for whole degrees of freedom: Abramowitz and Stegun, 26.7.3 and 26.7.4.
    """
    angle = math.atan2(t, math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term, total = (cosine, 0.0) if odd else (1.0, 0.0)
    for k in range(1 + odd, freedom, 2):
        total += term
        term *= cosine * cosine * k / (k + 1)
    if odd:
        return 2 / math.pi * (angle + sine * total)
    return sine * total


def quantile(confidence: float, freedom: int) -> float:
    """The t (> 0) that -t and t hold `confidence` (0 < c < 1) between them."""
    low, high = 0.0, 1.0
    while within(high, freedom) < confidence:
        low, high = high, 2 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if within(middle, freedom) < confidence:
            low = middle
        else:
            high = middle
    return high
