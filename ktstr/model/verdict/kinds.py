# SPDX-License-Identifier: Apache-2.0
"""The kinds of findings, with all that depends on the kind alone.

Guests import this with the plan, hence bits: a set or record for each kind would cost each boot
more.
"""

from __future__ import annotations

from enum import StrEnum

# each is told of by the property of `Kind` of its name
_NEVER_FAILS = 1 << 0
_VOIDS = 1 << 1
_TIMED = 1 << 2
_TIMED_BY_SUBJECT = 1 << 3
_OF_WORKERS = 1 << 4
_OF_SHARES = 1 << 5
_OF_ALL_WORKERS = 1 << 6
_ONE_VIEW = 1 << 7
_STALLS = 1 << 8
_BREAKS_STEPS = 1 << 9
_OF_SCHEDULER = 1 << 10
_OF_KERNEL = 1 << 11
_FILE_TELLS = 1 << 12

_RUN_VOID = _NEVER_FAILS | _VOIDS
_LIFE = _OF_SCHEDULER | _BREAKS_STEPS | _FILE_TELLS
_CHECK = _OF_WORKERS | _ONE_VIEW
_CLOCKED = _CHECK | _TIMED


class Kind(StrEnum):
    """What a detail of a verdict is about.

    In the order of causes: what stands first brings about what stands after it, as a panic ends in
    a hang, and a scheduler that was thrown out in starved tasks.
    """

    _traits: int

    USAGE = "usage", _RUN_VOID
    PANIC = "panic", _OF_KERNEL | _BREAKS_STEPS | _FILE_TELLS
    # a crash; stalls and warnings have a place of their own (`ktstr.judge.blame.ranking`)
    KERNEL_LOG = "kernel_log", _OF_KERNEL | _TIMED_BY_SUBJECT | _BREAKS_STEPS | _FILE_TELLS
    INFRA = "infra", _RUN_VOID | _FILE_TELLS
    TOPOLOGY = "topology", _RUN_VOID
    BOOT_PARAMETER = "boot_parameter", _RUN_VOID
    # what always holds in a correct kernel did not: all that comes later may be of that
    INVARIANT = "invariant"
    SCHEDULER_NOT_LOADED = "scheduler_not_loaded", _LIFE
    SCHEDULER_NOT_ATTACHED = "scheduler_not_attached", _LIFE
    SCHEDULER_EJECTED = "scheduler_ejected", _LIFE | _TIMED_BY_SUBJECT | _STALLS
    SCHEDULER_DIED = "scheduler_died", _LIFE | _STALLS
    HANG = "hang", _TIMED | _STALLS | _BREAKS_STEPS | _FILE_TELLS
    OTHER_CLASS = "other_class", _NEVER_FAILS
    HELD = "held", _NEVER_FAILS
    RUNQUEUE_STALL = "runqueue_stall", _CLOCKED | _OF_ALL_WORKERS | _STALLS
    STARVED = "starved", _CLOCKED | _STALLS
    STUCK = "stuck", _CLOCKED | _STALLS
    WORK_CONSERVATION = "work_conservation", _CLOCKED | _OF_ALL_WORKERS
    IDLE_BESIDE_WAIT = "idle_beside_wait", _CLOCKED | _OF_ALL_WORKERS
    LOCAL_DSQ_DEPTH = "local_dsq_depth", _CLOCKED | _OF_ALL_WORKERS
    IMBALANCE = "imbalance", _CLOCKED | _OF_ALL_WORKERS
    SCX_EVENTS = "scx_events", _CHECK | _OF_ALL_WORKERS
    FALLBACK_RATE = "fallback_rate", _CLOCKED | _OF_ALL_WORKERS
    KEEP_LAST_RATE = "keep_last_rate", _CLOCKED | _OF_ALL_WORKERS
    ISOLATION = "isolation", _ONE_VIEW
    UNFAIR = "unfair", _CLOCKED | _OF_SHARES
    SHARE_ERROR = "share_error", _CLOCKED | _OF_SHARES | _OF_ALL_WORKERS
    WAKE_LATENCY = "wake_latency", _CLOCKED
    WAKE_LATENCY_CV = "wake_latency_cv", _CLOCKED
    RUN_DELAY = "run_delay", _CLOCKED
    MIGRATION = "migration", _CHECK
    MIGRATION_RATIO = "migration_ratio", _CHECK
    THROUGHPUT_CV = "throughput_cv", _CLOCKED
    WORK_RATE = "work_rate", _CLOCKED
    ITERATION_RATE = "iteration_rate", _CLOCKED
    PAGE_LOCALITY = "page_locality", _ONE_VIEW
    CROSS_NODE_MIGRATION = "cross_node_migration", _ONE_VIEW
    SLOW_TIER = "slow_tier", _ONE_VIEW
    VERIFIER_BUDGET = "verifier_budget"
    CLEANUP = "cleanup", _TIMED
    CLAIM = "claim", _TIMED | _OF_WORKERS | _OF_ALL_WORKERS
    RELATIVE = "relative", _TIMED | _ONE_VIEW
    WAIT = "wait", _TIMED
    AFTER = "after"
    PAYLOAD = "payload", _TIMED_BY_SUBJECT | _BREAKS_STEPS | _FILE_TELLS
    TEST_ERROR = "test_error", _FILE_TELLS
    WORKER_ERROR = "worker_error", _NEVER_FAILS
    CONTENDED = "contended", _NEVER_FAILS
    NO_DATA = "no_data", _NEVER_FAILS

    def __new__(cls, value: str, traits: int = 0) -> Kind:
        """A member with its traits."""
        kind = str.__new__(cls, value)
        kind._value_, kind._traits = value, traits
        return kind

    @property
    def rank(self) -> int:
        """Where it stands in the chain of causes; the lowest caused the others."""
        return list(Kind).index(self)

    @property
    def never_fails(self) -> bool:
        """It only ever makes a run inconclusive, or ends it before it began."""
        return bool(self._traits & _NEVER_FAILS)

    @property
    def voids(self) -> bool:
        """It makes the run another one than the test is about, whatever that showed."""
        return bool(self._traits & _VOIDS)

    @property
    def is_timed(self) -> bool:
        """A clock found it, so that a busy host may have caused it."""
        return bool(self._traits & _TIMED)

    @property
    def is_timed_by_subject(self) -> bool:
        """Whether a clock found it depends on the finding's subject."""
        return bool(self._traits & _TIMED_BY_SUBJECT)

    @property
    def is_of_workers(self) -> bool:
        """It is about how workers were scheduled, and so charged to who scheduled them."""
        return bool(self._traits & _OF_WORKERS)

    @property
    def is_of_shares(self) -> bool:
        """It is about what each got of one whole."""
        return bool(self._traits & _OF_SHARES)

    @property
    def is_of_all_workers(self) -> bool:
        """It is about all workers at once.

        Who waited beside an idle CPU waited for the one who schedules them all, and what one cgroup
        took the others did not get.
        """
        return bool(self._traits & _OF_ALL_WORKERS)

    @property
    def is_one_view(self) -> bool:
        """It is one of several views on one misbehaviour of a scheduler: a check of workers."""
        return bool(self._traits & _ONE_VIEW)

    @property
    def stalls(self) -> bool:
        """The kernel reports stalls after it."""
        return bool(self._traits & _STALLS)

    @property
    def breaks_steps(self) -> bool:
        """A test function's own steps go wrong after it."""
        return bool(self._traits & _BREAKS_STEPS)

    @property
    def is_of_scheduler(self) -> bool:
        """It is about a scheduler's life: what `Checks.scheduler_alive` finds."""
        return bool(self._traits & _OF_SCHEDULER)

    @property
    def is_of_kernel(self) -> bool:
        """The kernel said it: what `Checks.clean_kernel_log` finds, panics beside it."""
        return bool(self._traits & _OF_KERNEL)

    @property
    def file_tells(self) -> bool:
        """One file of the outputs has more about it; `ktstr.report.advice` says which."""
        return bool(self._traits & _FILE_TELLS)
