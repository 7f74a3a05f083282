# SPDX-License-Identifier: Apache-2.0
"""What checks of latencies measure: the 99th percentile of a cgroup's pool, in words."""

from __future__ import annotations

from ktstr.judge.measure import Measurement
from ktstr.judge.workers.subjects import NS_PER_US
from ktstr.model.histogram import Histogram


def p99_of(cgroup: str, pool: Histogram, what: str, many: str, none: str) -> Measurement:
    """`what`, the p99 (us) of a pool of `many` (ns); `none` is said of an empty one."""
    p99 = pool.percentile(0.99)
    if p99 is None:
        return Measurement(cgroup, None, f"cgroup {cgroup}: {none}")
    words = (
        f"cgroup {cgroup}: {what} {p99 / NS_PER_US:.1f} us of {pool.count} {many}, "
        f"worst {pool.maximum / NS_PER_US:.1f} us"
    )
    return Measurement(cgroup, p99 / NS_PER_US, words)
