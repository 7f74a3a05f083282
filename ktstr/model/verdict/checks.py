# SPDX-License-Identifier: Apache-2.0
"""Thresholds and their layers, findings, and expectations of failure."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ktstr.model.errors import UsageError
from ktstr.model.nearest import did_you_mean
from ktstr.model.verdict.kinds import Kind


class Verdict(StrEnum):
    """How a test ended, in the order in which they beat each other."""

    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    PASS = "pass"
    SKIP = "skip"


@dataclass(frozen=True, kw_only=True)
class Checks:
    """Thresholds of one layer; None leaves the decision to the layer below.

    not_starved: every worker of a runnable type does work.
    max_gap_ms: longest time that a worker which wants the CPU goes without it (stuck).
    max_spread_pct: spread of (CPU share - fair share) among the CPU-hungry workers of a
        cgroup, in percent of wall time; fair shares follow load weights, at most one CPU each.
    isolation: workers run only on their cgroup's cpuset.
    max_wake_p99_us: wake-to-run latency, pooled over a cgroup.
    max_wake_cv: standard deviation by mean of the same latencies.
    max_run_delay_p99_us: 99th percentile of all waits of a cgroup's workers for a CPU.
    max_migrations_per_s: migrations of one worker per second of its wall time.
    max_migration_ratio: migrations per iteration, over a cgroup.
    max_throughput_cv: standard deviation by mean of the work rates of like workers of a cgroup.
    min_work_per_cpu_s: work units of one worker per second of its CPU time.
    min_iterations_per_s: iterations of one worker per second of its wall time.
    max_share_error_pct: distance of a cgroup's CPU time from what cpu.weight, quotas and cpusets
        promise it, in percent of the promise.
    min_page_locality: part of a worker's pages on the NUMA nodes of its cpuset, 0 to 1.
    max_cross_node_migration_ratio: pages that NUMA balancing moved between nodes for a worker, by
        the pages that its process has.
    max_slow_tier_ratio: part of a worker's pages on nodes without CPUs, 0 to 1.
    max_cleanup_ms: time that ending workers and removing cgroups takes after a step, or at the end.
    max_wasted_cpu_pct: part of a step's time in which a CPU stood idle while a task that may run
        there waited, percent, of each CPU by itself (work conservation).
    max_verified_insns: steps that the verifier took for any BPF program of the scheduler; it gives
        up at a million.
    max_verified_states, max_verified_peak_states: states that the verifier kept of any such
        program, in all and at once; max_verified_states_per_insn: at one instruction. Programs that
        the scheduler's own user space loads do not tell (max_verified_stack_bytes neither).
    max_verified_stack_bytes: stack of any such program, its functions together.
    max_imbalance_ratio: tasks of the fullest runqueue by those of the emptiest (at least 1), of the
        CPUs that workers may use, for all of `sustained_ms`.
    max_local_dsq_depth: tasks in sched_ext's local DSQ of a CPU, for all of `sustained_ms`.
    max_fallback_rate: tasks per second for which the kernel took another CPU than the scheduler's
        select_cpu() gave, over `sustained_ms`.
    max_keep_last_rate: times per second that a task went on running as the scheduler gave its CPU
        no other, over `sustained_ms`.
    max_idle_beside_wait_ms: what a task had waited elsewhere when a CPU that it may use went idle.
    no_stall: no runqueue's clock stands for `sustained_ms` while it has tasks.
    no_scx_error_events: sched_ext counts no event that only a scheduler's mistake brings about.
    sustained_ms: no check; for how long what the monitor sees must last to fail one (100).
    scheduler_alive: the scheduler stays attached until it is told to go.
    clean_kernel_log: the console shows no finding of the classifier.
    invariants: what always holds in a correct scheduler of the kernel did, wherever one looked;
        in virtual time alone.
    """

    not_starved: bool | None = None
    isolation: bool | None = None
    max_gap_ms: float | None = None
    max_spread_pct: float | None = None
    max_share_error_pct: float | None = None
    max_wake_p99_us: float | None = None
    max_wake_cv: float | None = None
    max_run_delay_p99_us: float | None = None
    max_migrations_per_s: float | None = None
    max_migration_ratio: float | None = None
    max_throughput_cv: float | None = None
    min_work_per_cpu_s: float | None = None
    min_iterations_per_s: float | None = None
    min_page_locality: float | None = None
    max_cross_node_migration_ratio: float | None = None
    max_slow_tier_ratio: float | None = None
    max_cleanup_ms: float | None = None
    max_wasted_cpu_pct: float | None = None
    max_verified_insns: float | None = None
    max_verified_states: float | None = None
    max_verified_peak_states: float | None = None
    max_verified_states_per_insn: float | None = None
    max_verified_stack_bytes: float | None = None
    max_imbalance_ratio: float | None = None
    max_local_dsq_depth: float | None = None
    max_fallback_rate: float | None = None
    max_keep_last_rate: float | None = None
    max_idle_beside_wait_ms: float | None = None
    no_stall: bool | None = None
    no_scx_error_events: bool | None = None
    sustained_ms: float | None = None
    scheduler_alive: bool | None = None
    clean_kernel_log: bool | None = None
    invariants: bool | None = None

    def __new__(cls, *_: Any, **given: Any) -> Checks:
        """A layer.

        Raises:
            UsageError: there is no such check; the message names the nearest.
        """
        for name in given:
            if name not in cls.__dataclass_fields__:
                raise UsageError(f"Checks({name}=...): {_no_check(name)}")
        return super().__new__(cls)

    def merge(self, over: Checks) -> Checks:
        """This layer with every threshold that `over` sets replaced by it."""
        ours, theirs = dataclasses.asdict(self), dataclasses.asdict(over)
        return Checks(**{k: v if theirs[k] is None else theirs[k] for k, v in ours.items()})


DEFAULT_CHECKS = Checks(
    not_starved=True, scheduler_alive=True, clean_kernel_log=True, invariants=True
)


def check_checks(checks: Checks) -> None:
    """Refuses thresholds that no run could meet or miss.

    Raises:
        UsageError: a limit is not finite and above 0.
    """
    for name, value in dataclasses.asdict(checks).items():
        if isinstance(value, bool) or value is None:
            continue
        if not (math.isfinite(value) and value > 0):
            raise UsageError(
                f"Checks.{name} is {value}; a limit must be finite and above 0 (None: no limit)"
            )


def _no_check(name: str) -> str:
    known = Checks.__dataclass_fields__
    return f"there is no check {name!r}{did_you_mean(name, known)}; checks: {', '.join(known)}"


SWITCHES = (
    "not_starved",
    "isolation",
    "no_stall",
    "no_scx_error_events",
    "scheduler_alive",
    "clean_kernel_log",
    "invariants",
)
# those that are about what the verifier found
VERIFIER_CHECKS = (
    "max_verified_insns",
    "max_verified_states",
    "max_verified_peak_states",
    "max_verified_states_per_insn",
    "max_verified_stack_bytes",
)
# fields of `Checks` that are none themselves, and say how others look
OPTIONS = ("sustained_ms",)
SUSTAINED_MS = 100.0
_ON_OFF = {"true": True, "false": False}


def parse_checks(texts: Mapping[str, str]) -> Checks:
    """The layer that an attribute of a rule spells: names of fields to numbers, `true`, `false`.

    Raises:
        UsageError: there is no such check, or its value is of another kind.
    """
    known = Checks.__dataclass_fields__
    values: dict[str, Any] = {}
    for name, text in texts.items():
        if name not in known:
            raise UsageError(_no_check(name))
        if name in SWITCHES:
            if text not in _ON_OFF:
                raise UsageError(f"{name} is {text!r}; expected 'true' or 'false'")
            values[name] = _ON_OFF[text]
            continue
        try:
            values[name] = float(text)
        except ValueError as error:
            raise UsageError(f"{name} is {text!r}; expected a number") from error
    return Checks(**values)


@dataclass(frozen=True)
class ExpectFail:
    """The failure that a test must show to pass: its kind, and text its message must match.

    `text` is a regular expression searched in the messages of details of that kind.
    """

    kind: Kind
    text: str = ""

    def __post_init__(self) -> None:
        if self.kind.never_fails:
            raise UsageError(
                f"ExpectFail.kind {self.kind.value!r} is never a failure of the scheduler: such a "
                f"finding makes a run inconclusive, which no expectation can turn into a pass"
            )
        try:
            re.compile(self.text)
        except re.error as error:
            raise UsageError(f"ExpectFail.text {self.text!r}: {error}") from error


@dataclass(frozen=True)
class Detail:
    """One finding: a failed check, missing data, or a reason.

    `subject` is what it is about: a cgroup, `cgroup worker group.index`, a `ConsoleKind`, the
    kernel's exit kind of a scheduler that it threw out, or a `payload_checks.About`.  pid: of the
    worker that is meant, as workers of different steps may be called the same.  at_ns: when a limit
    was first passed, guest CLOCK_MONOTONIC; None where no one instant is known.
    """

    kind: Kind
    message: str
    verdict: Verdict = Verdict.FAIL
    subject: str = ""
    pid: int | None = None
    at_ns: int | None = None
