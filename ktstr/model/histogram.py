# SPDX-License-Identifier: Apache-2.0
"""Log-bucketed histograms of nanoseconds: mergeable, with a bounded relative error.

Bucketing is HdrHistogram's idea: exact below 16, then 16 linear sub-buckets for each power of
two, so a bucket is at most 1/16 of its lower bound wide.  `ktstr/worker/histogram.h` is its twin.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

SUB_BITS = 4
SUBS = 1 << SUB_BITS


def bucket_of(value: int) -> int:
    """The index of the bucket that counts `value` (>= 0)."""
    if value < SUBS:
        return value
    shift = value.bit_length() - 1 - SUB_BITS
    return (shift + 1) * SUBS + (value >> shift) - SUBS


def bucket_bounds(index: int) -> tuple[int, int]:
    """(lowest value, highest value) that bucket `index` counts."""
    if index < SUBS:
        return index, index
    shift, sub = index // SUBS - 1, index % SUBS
    low = (SUBS + sub) << shift
    return low, low + (1 << shift) - 1


@dataclass(frozen=True)
class Histogram:
    """Counts by bucket index, with the exact number, sum (ns) and maximum (ns) of the samples."""

    buckets: dict[int, int]
    count: int = 0
    total: int = 0
    maximum: int = 0

    @classmethod
    def of(cls, values: list[int]) -> Histogram:
        """The histogram of `values` (ns)."""
        buckets: dict[int, int] = {}
        for value in values:
            index = bucket_of(value)
            buckets[index] = buckets.get(index, 0) + 1
        return cls(buckets, len(values), sum(values), max(values, default=0))

    def merge(self, other: Histogram) -> Histogram:
        """The histogram of both sets of samples."""
        buckets = dict(self.buckets)
        for index, count in other.buckets.items():
            buckets[index] = buckets.get(index, 0) + count
        return Histogram(
            buckets,
            self.count + other.count,
            self.total + other.total,
            max(self.maximum, other.maximum),
        )

    def percentile(self, fraction: float) -> int | None:
        """Nearest-rank percentile (ns), rounded up to its bucket's upper bound; None without data.

        Nearest rank: the ceil(n * fraction)-th smallest sample, so p99 of 100 is the 99th.
        """
        if not self.count:
            return None
        # 100 * 0.07 is 7.000000000000001: what is left of a rank after rounding is no rank
        rank, seen = max(1, math.ceil(round(self.count * fraction, 6))), 0
        for index in sorted(self.buckets):
            seen += self.buckets[index]
            if seen >= rank:
                return min(bucket_bounds(index)[1], self.maximum)
        return self.maximum
