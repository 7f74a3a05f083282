# SPDX-License-Identifier: Apache-2.0
"""Every figure: its one name, its unit, which way it is better, whose it is, and its check.

Checks, claims, relative claims and results read this table.  How a figure is had is said where it
is measured: `ktstr.judge.checks`, `.statistics.figure_table`, `.relative.legs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from ktstr.model.errors import UsageError
from ktstr.model.nearest import did_you_mean
from ktstr.model.payload import Polarity


class Whose(Enum):
    """What has a figure: a claim can name a cgroup's, that of all, or a callback's (op_figures).

    A comparison can name a leg's.
    """

    WORKER = auto()
    CPU = auto()
    CGROUP = auto()
    STEP = auto()
    ALL = auto()
    LEG = auto()
    PROGRAM = auto()
    OP = auto()


@dataclass(frozen=True)
class Figure:
    """One figure.  unit: empty for what is counted, and for ratios.

    check: the field of `Checks` that bounds it; empty where none does.  That is named after the
    figure, with `max_` or `min_` before it or, where the figure is the largest or smallest already
    (`max_cleanup_ms` of `cleanup_max_ms`), instead of the part that says so.
    """

    name: str
    unit: str
    polarity: Polarity
    whose: tuple[Whose, ...]
    check: str = ""


_HIGHER, _LOWER, _UNKNOWN = Polarity.HIGHER_BETTER, Polarity.LOWER_BETTER, Polarity.UNKNOWN
_WORKER, _CPU, _CGROUP, _STEP, _ALL, _LEG, _PROGRAM, _ = Whose
_BOTH = (_CGROUP, _ALL)

# of rt-app's tasks, under that program's own names: means by turn of a phase, and the worst
_OF_RT_APP = (
    Figure("run_us", "us", _UNKNOWN, (_CGROUP,)),
    Figure("c_run_us", "us", _UNKNOWN, (_CGROUP,)),
    Figure("period_us", "us", _UNKNOWN, (_CGROUP,)),
    Figure("c_period_us", "us", _UNKNOWN, (_CGROUP,)),
    Figure("slack_us", "us", _HIGHER, (_CGROUP,)),
    Figure("slack_min_us", "us", _HIGHER, (_CGROUP,)),
    Figure("slack_missed", "", _LOWER, (_CGROUP,)),
    Figure("wu_lat_us", "us", _LOWER, (_CGROUP,)),
    Figure("wu_lat_max_us", "us", _LOWER, (_CGROUP,)),
)

FIGURES: tuple[Figure, ...] = (
    Figure("workers", "", _UNKNOWN, _BOTH),
    Figure("cpus", "", _UNKNOWN, _BOTH),
    # CPU time by wall time of single workers
    Figure("share_min_pct", "%", _UNKNOWN, (_CGROUP,)),
    Figure("share_mean_pct", "%", _UNKNOWN, (_CGROUP,)),
    Figure("share_max_pct", "%", _UNKNOWN, (_CGROUP,)),
    # the largest less the smallest: of what shares differ from the fair ones, of shares themselves
    Figure("spread_pct", "%", _LOWER, (_CGROUP,), "max_spread_pct"),
    Figure("share_spread_pct", "%", _LOWER, (_LEG,)),
    Figure("migrations", "", _LOWER, _BOTH),
    Figure("migrations_per_s", "1/s", _LOWER, (_WORKER, _LEG), "max_migrations_per_s"),
    Figure("migration_ratio", "", _LOWER, (_CGROUP,), "max_migration_ratio"),
    Figure("iterations", "", _HIGHER, _BOTH),
    Figure("iterations_per_worker", "", _HIGHER, (_CGROUP,)),
    # of wall time; of a leg the sum over its workers
    Figure("iterations_per_s", "1/s", _HIGHER, (_LEG,)),
    Figure("work_units", "", _HIGHER, _BOTH),
    Figure("work_per_s", "1/s", _HIGHER, (_LEG,)),
    Figure("off_cpu_max_pct", "%", _LOWER, (_CGROUP,)),
    Figure("wake_cv", "", _LOWER, (_CGROUP,), "max_wake_cv"),
    Figure("wake_tail_ratio", "", _LOWER, (_CGROUP,)),
    Figure("throughput_cv", "", _LOWER, (_CGROUP,), "max_throughput_cv"),
    Figure("work_per_cpu_s_min", "1/s", _HIGHER, (_WORKER, _CGROUP), "min_work_per_cpu_s"),
    Figure("work_per_cpu_s_mean", "1/s", _HIGHER, (_CGROUP,)),
    Figure("iterations_per_s_min", "1/s", _HIGHER, (_WORKER, _CGROUP), "min_iterations_per_s"),
    Figure("iterations_per_s_mean", "1/s", _HIGHER, (_CGROUP,)),
    Figure("got_cpus", "", _UNKNOWN, (_CGROUP,)),
    Figure("promised_cpus", "", _UNKNOWN, (_CGROUP,)),
    Figure("share_error_pct", "%", _LOWER, (_CGROUP,), "max_share_error_pct"),
    Figure("page_locality_min", "", _HIGHER, (_WORKER, _CGROUP), "min_page_locality"),
    Figure("cross_node_migration_ratio", "", _LOWER, (_WORKER,), "max_cross_node_migration_ratio"),
    Figure("slow_tier_ratio", "", _LOWER, (_WORKER,), "max_slow_tier_ratio"),
    Figure("max_gap_ms", "ms", _LOWER, (_WORKER, *_BOTH, _LEG), "max_gap_ms"),
    Figure("wake_count", "", _UNKNOWN, (_CGROUP,)),
    Figure("wake_p50_us", "us", _LOWER, (_CGROUP, _LEG)),
    Figure("wake_p99_us", "us", _LOWER, (_CGROUP, _LEG), "max_wake_p99_us"),
    Figure("wake_max_us", "us", _LOWER, (_CGROUP,)),
    # single waits for a CPU: percentiles and mean; then the sums of each worker's
    Figure("run_delay_p50_us", "us", _LOWER, (_CGROUP,)),
    Figure("run_delay_p99_us", "us", _LOWER, (_CGROUP,), "max_run_delay_p99_us"),
    Figure("run_delay_mean_us", "us", _LOWER, (_LEG,)),
    Figure("run_delay_sum_mean_ms", "ms", _LOWER, (_CGROUP,)),
    Figure("run_delay_sum_max_ms", "ms", _LOWER, (_CGROUP,)),
    *_OF_RT_APP,
    Figure("cleanup_max_ms", "ms", _LOWER, (_STEP, _ALL), "max_cleanup_ms"),
    Figure("wasted_cpu_pct", "%", _LOWER, (_CPU,), "max_wasted_cpu_pct"),
    Figure("verified_insns", "", _LOWER, (_PROGRAM,), "max_verified_insns"),
    Figure("verified_states", "", _LOWER, (_PROGRAM,), "max_verified_states"),
    Figure("verified_peak_states", "", _LOWER, (_PROGRAM,), "max_verified_peak_states"),
    Figure("verified_states_per_insn", "", _LOWER, (_PROGRAM,), "max_verified_states_per_insn"),
    Figure("verified_stack_bytes", "bytes", _LOWER, (_PROGRAM,), "max_verified_stack_bytes"),
    # by the monitor; what is sustained for as long as the checks say
    Figure("imbalance_ratio", "", _LOWER, (_ALL,), "max_imbalance_ratio"),
    Figure("local_dsq_depth", "", _LOWER, (_CPU, _ALL), "max_local_dsq_depth"),
    Figure("user_dsq_depth", "", _LOWER, (_ALL,)),
    Figure("fallback_rate", "1/s", _LOWER, (_ALL,), "max_fallback_rate"),
    Figure("keep_last_rate", "1/s", _LOWER, (_ALL,), "max_keep_last_rate"),
    Figure("idle_beside_wait_ms", "ms", _LOWER, (_CPU, _ALL), "max_idle_beside_wait_ms"),
    # of no_stall and no_scx_error_events, which are on or off
    Figure("runqueue_stall_ms", "ms", _LOWER, (_ALL,)),
    Figure("scx_error_events", "", _LOWER, (_ALL,)),
)
RT_APP = tuple(each.name for each in _OF_RT_APP)
_BY_CHECK: Mapping[str, Figure] = {each.check: each for each in FIGURES if each.check}


def figures_of(whose: Whose) -> dict[str, Figure]:
    """The figures that one of these has, by name."""
    return {each.name: each for each in FIGURES if whose in each.whose}


def figure_of_check(check: str) -> Figure:
    """The figure that a field of `Checks` bounds.

    Raises:
        KeyError: `FIGURES` has none for it.
    """
    return _BY_CHECK[check]


def compared(measure: str, asked_by: str) -> Figure:
    """The figure of that name that legs of a comparison have.

    Raises:
        UsageError: legs have no such figure; the message names the nearest, and all.
    """
    known = figures_of(Whose.LEG)
    if measure not in known:
        raise UsageError(
            f"{asked_by}: no measure {measure!r}{did_you_mean(measure, known)}; there are "
            f"{', '.join(sorted(known))}"
        )
    return known[measure]
