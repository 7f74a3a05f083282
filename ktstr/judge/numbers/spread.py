# SPDX-License-Identifier: Apache-2.0
"""How much numbers differ among themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ktstr.model.histogram import Histogram, bucket_bounds


def variation(values: Sequence[float]) -> float | None:
    """Coefficient of variation: population standard deviation by mean.

    None for fewer than two values, or a mean of 0.
    """
    if len(values) < 2:
        return None
    mean = math.fsum(values) / len(values)
    if mean <= 0:
        return None
    squares = math.fsum((value - mean) ** 2 for value in values) / len(values)
    return math.sqrt(squares) / mean


def histogram_variation(histogram: Histogram) -> float | None:
    """`variation` of a histogram's samples, each taken for the middle of its bucket.

    A bucket is at most 1/16 of its lower bound wide, so each sample is off by 1/32 at most.
    """
    if histogram.count < 2:
        return None
    points = [(sum(bucket_bounds(i)) / 2, count) for i, count in histogram.buckets.items()]
    mean = math.fsum(value * count for value, count in points) / histogram.count
    if mean <= 0:
        return None
    squares = math.fsum(count * (value - mean) ** 2 for value, count in points) / histogram.count
    return math.sqrt(squares) / mean


def tail_ratio(histogram: Histogram) -> float | None:
    """99th percentile by median; None without samples or with a median of 0."""
    median, p99 = histogram.percentile(0.5), histogram.percentile(0.99)
    return p99 / median if median and p99 is not None else None
