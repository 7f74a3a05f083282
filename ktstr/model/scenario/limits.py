# SPDX-License-Identifier: Apache-2.0
"""What a cgroup may use: the knobs of cgroup v2's controllers, as an author writes them."""

from __future__ import annotations

from ktstr.model.errors import UsageError
from ktstr.model.machine.cpulist import format_cpulist
from ktstr.model.parameters import Parameters, parameters


@parameters
class Limits(Parameters):
    """Limits of a cgroup; None leaves the kernel's own (cgroup-v2.rst), which is none.

    weight: cpu.weight, 1 to 10000.  quota: cpu.max as a number of CPUs, e.g. 1.5, spent within
    each `period_us` (1000 to 1000000).  memory_*_mb, swap_max_mb: MiB.  io_weight: io.weight, 1 to
    10000.  pids_max: tasks, threads included.  mems: NUMA nodes of its memory (cpuset.mems).
    """

    weight: int | None = None
    quota: float | None = None
    period_us: int = 100_000
    memory_low_mb: int | None = None
    memory_high_mb: int | None = None
    memory_max_mb: int | None = None
    swap_max_mb: int | None = None
    io_weight: int | None = None
    pids_max: int | None = None
    mems: tuple[int, ...] | None = None


NO_LIMITS = Limits()

_MOST_MB = 1 << 24
# field: least, most
_RANGES = {
    "weight": (1, 10000),
    "period_us": (1000, 1_000_000),
    "memory_low_mb": (0, _MOST_MB),
    "memory_high_mb": (1, _MOST_MB),
    "memory_max_mb": (1, _MOST_MB),
    "swap_max_mb": (0, _MOST_MB),
    "io_weight": (1, 10000),
    "pids_max": (1, 1 << 22),
}
# kernel/sched/core.c: min_cfs_quota_period, microseconds; a period has at least this much to spend
_LEAST_QUOTA_US = 1000
_MOST_CPUS = 8192


def check_limits(limits: Limits) -> None:
    """Refuses limits that the kernel would refuse on every machine.

    Raises:
        UsageError: naming the limit, its value, and what is allowed.
    """
    for name, (least, most) in _RANGES.items():
        value = getattr(limits, name)
        if value is not None and not least <= value <= most:
            raise UsageError(f"{name} {value} is not within {least} to {most}")
    quota = limits.quota
    if quota is not None:
        # written so that a NaN is refused, too
        if not _LEAST_QUOTA_US <= quota * limits.period_us <= _MOST_CPUS * limits.period_us:
            raise UsageError(
                f"quota {quota} CPUs within {limits.period_us} us: the kernel takes "
                f"{_LEAST_QUOTA_US} us and more"
            )
    elif limits.period_us != NO_LIMITS.period_us:
        raise UsageError(f"period_us {limits.period_us} has no effect without a quota")
    if limits.mems is not None and not limits.mems:
        raise UsageError("mems names no NUMA node; leave it None for all of them")


def over(limits: Limits, given: Limits) -> Limits:
    """The limits of a cgroup that is given others: those that they do not name stay."""
    values = {
        name: getattr(limits if getattr(given, name) is None else given, name)
        for name in Limits.__dataclass_fields__
    }
    # a period goes with its quota
    return Limits(
        **values | {"period_us": (given if given.quota is not None else limits).period_us}
    )


def limit_files(limits: Limits) -> dict[str, str]:
    """The cgroup's files that say these limits, each with the text to write, in order of writing.

    Formats: Documentation/admin-guide/cgroup-v2.rst.
    """
    quota = limits.quota
    texts = {
        "cpuset.mems": None if limits.mems is None else format_cpulist(limits.mems),
        "cpu.weight": _text(limits.weight),
        "cpu.max": None
        if quota is None
        else f"{round(quota * limits.period_us)} {limits.period_us}",
        "memory.low": _bytes(limits.memory_low_mb),
        "memory.high": _bytes(limits.memory_high_mb),
        "memory.max": _bytes(limits.memory_max_mb),
        "memory.swap.max": _bytes(limits.swap_max_mb),
        "io.weight": None if limits.io_weight is None else f"default {limits.io_weight}",
        "pids.max": _text(limits.pids_max),
    }
    return {file: text for file, text in texts.items() if text is not None}


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)


def _bytes(mib: int | None) -> str | None:
    return None if mib is None else str(mib << 20)
