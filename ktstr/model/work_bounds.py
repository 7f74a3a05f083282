# SPDX-License-Identifier: Apache-2.0
"""Bounds of the work types' parameters, which ktstr/worker/options.c repeats where it must."""

from __future__ import annotations

from ktstr.model.errors import UsageError
from ktstr.model.work_types import (
    CustomWork,
    IpcVariance,
    PageFaultChurn,
    PythonWork,
    Sequence,
    WorkType,
)

MAX_US = 3_600_000_000
MAX_SPIN = 1 << 40
_TEAM = (1, 256)
_KB = (1, 1 << 20)
_US = (1, MAX_US)
_SPIN = (1, MAX_SPIN)
# least and most; what one worker writes before it syncs stays far below a disk and its memory
BOUNDS = {
    "burst_us": _US,
    "sleep_us": _US,
    "phase_us": _US,
    "slow_us": _US,
    "us": _US,
    "spin": _SPIN,
    "hold": _SPIN,
    "wakee_spin": _SPIN,
    "block_kb": (1, 1024),
    "blocks": (1, 1024),
    "size_kb": _KB,
    "region_kb": _KB,
    "footprint_kb": _KB,
    "table_kb": _KB,
    "stride": (8, 1 << 20),
    "touches": (1, 1 << 20),
    "operations": (1, 1 << 20),
    "fan_out": _TEAM,
    "contenders": (2, 256),
    "depth": (2, 256),
    "consumers": _TEAM,
    "producers": _TEAM,
    "waiters": _TEAM,
    "spinners": _TEAM,
    "hogs": _TEAM,
    "victims": _TEAM,
    "threads": _TEAM,
    "fast": _TEAM,
    "slow": _TEAM,
    "group": _TEAM,
    "queue": (1, 1 << 20),
    "priority": (1, 97),
    "miss_pct": (0, 100),
}
_PARAM_LIMIT = 1 << 62
_MOST_PHASES = 16
_PAGE_KB = 4


def check_parameters(work: WorkType) -> None:
    """Refuses parameters out of bounds.

    Raises:
        UsageError: naming the parameter, its value, and what is allowed.
    """
    _check_numbers(work)
    if isinstance(work, Sequence):
        if not 1 <= len(work.phases) <= _MOST_PHASES:
            raise UsageError(f"{len(work.phases)} phases; 1 to {_MOST_PHASES} are possible")
        for phase in work.phases:
            _check_numbers(phase)
    if isinstance(work, PageFaultChurn) and work.region_kb < _PAGE_KB:
        raise UsageError(f"region_kb is {work.region_kb}; a page has {_PAGE_KB}")
    if isinstance(work, IpcVariance) and work.size_kb < _PAGE_KB:
        raise UsageError(f"size_kb is {work.size_kb}; at least {_PAGE_KB} is needed")
    stride, size_kb = getattr(work, "stride", 0), getattr(work, "size_kb", 0)
    if stride > size_kb * 1024:
        raise UsageError(f"stride is {stride}, more than the {size_kb} KiB it goes through")
    if isinstance(work, PythonWork) and not str(work.function).isidentifier():
        raise UsageError(f"function {work.function!r} is no name of a function")
    if isinstance(work, CustomWork):
        _check_custom(work)


def _check_numbers(work: object) -> None:
    for name, (low, high) in BOUNDS.items():
        value = getattr(work, name, low)
        if isinstance(value, bool) or not isinstance(value, int):
            raise UsageError(f"{name} is {value!r}; a whole number is needed")
        if value < low:
            raise UsageError(f"{name} is {value}; at least {low} is needed")
        if value > high:
            raise UsageError(f"{name} is {value}; {high} is the most")


def _check_custom(work: CustomWork) -> None:
    for name, value in work.params.items():
        if not name.isidentifier() or abs(value) > _PARAM_LIMIT:
            raise UsageError(f"parameter {name!r} of {value!r}: a name and a whole number are due")
