# SPDX-License-Identifier: Apache-2.0
"""How an author declares tests: two decorators, one for data and one for code in the guest."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from ktstr.model.errors import UsageError
from ktstr.model.machine.needs import Needs
from ktstr.model.plan import SAMPLE_MS
from ktstr.model.scenario.inside import Snapshot
from ktstr.model.scenario.scenario import Scenario
from ktstr.model.verdict.checks import Checks, ExpectFail, check_checks
from ktstr.model.verdict.claims import SeriesClaim, StatClaim

if TYPE_CHECKING:
    from ktstr.guest.function.context import Context

_MARK = "__ktstr_test__"

# is given a `ktstr.after.finished.Finished`, which only the host has, and says what is wrong
After = Callable[[Any], "str | list[str] | tuple[str, ...] | None"]


@dataclass(frozen=True)
class Declaration:
    """What a decorator recorded about a test function.

    duration_s: length of the scenario, guest seconds.  in_guest: the function runs in the guest.
    scheduler_args: appended to the scheduler's argv for this test alone.
    needs: the smallest machine that it is for; None: any.  trace: the kernel's tracepoints are
    sampled, too.  sample_ms: the monitor samples runqueues once in so much guest time at most.
    decisions: every decision is traced from outside, op_costs: instructions of the scheduler's
    callbacks are counted from outside.  snapshots: of the guest's state, from outside.
    after: is called on the host, on the run that has passed.
    """

    name: str
    in_guest: bool
    duration_s: float
    workers_per_cgroup: int
    checks: Checks
    expect_fail: ExpectFail | None
    timeout_s: float
    scheduler_args: tuple[str, ...]
    function: Callable[..., Any]
    needs: Needs | None = None
    trace: bool = False
    claims: tuple[StatClaim | SeriesClaim, ...] = ()
    sample_ms: float = SAMPLE_MS
    decisions: bool = False
    op_costs: bool = False
    snapshots: tuple[Snapshot, ...] = ()
    after: After | None = None


S = TypeVar("S", bound=Callable[..., Scenario])


def scenario(
    *,
    duration: float = 1.0,
    workers_per_cgroup: int = 2,
    checks: Checks | None = None,
    expect_fail: ExpectFail | None = None,
    scheduler_args: tuple[str, ...] = (),
    needs: Needs | None = None,
    trace: bool = False,
    claims: tuple[StatClaim | SeriesClaim, ...] = (),
    sample_ms: float = SAMPLE_MS,
    decisions: bool = False,
    op_costs: bool = False,
    snapshots: tuple[Snapshot, ...] = (),
    after: After | None = None,
) -> Callable[[S], S]:
    """Declares a test as data: the function runs on the host and returns the scenario to play.

    It gets the `TopologyView` of the target, and the test's seed as `seed` where it has a parameter
    of this name (see `ktstr.stream`).  `duration` is in guest seconds.  On a machine that
    lacks what the test `needs` it is skipped before anything boots.  With `trace` the kernel's
    tracepoints measure the managed cgroups besides.  The monitor samples runqueues once in
    `sample_ms` of guest time at most, at ticks.  In virtual time `decisions` leaves a trace of
    all that the scheduler decides, and `op_costs` counts the instructions of its callbacks;
    `snapshots` are taken of the guest's state at times or when something happens.  None of them
    changes the run.  `after` is called on the host with the `ktstr.after.finished.Finished` run
    once that has passed, and returns what is wrong with it: a text or several, else None.

    Raises:
        UsageError: a value is out of range.
    """

    def mark(function: S) -> S:
        _declare(
            function,
            False,
            duration,
            workers_per_cgroup,
            checks,
            expect_fail,
            60.0,
            scheduler_args,
            needs,
            trace,
            claims,
            sample_ms,
            decisions,
            op_costs,
            snapshots,
            after,
        )
        return function

    return mark


def test(
    *,
    duration: float = 1.0,
    workers_per_cgroup: int = 2,
    checks: Checks | None = None,
    expect_fail: ExpectFail | None = None,
    timeout: float = 60.0,
    scheduler_args: tuple[str, ...] = (),
    needs: Needs | None = None,
    trace: bool = False,
    claims: tuple[StatClaim | SeriesClaim, ...] = (),
    sample_ms: float = SAMPLE_MS,
    decisions: bool = False,
    op_costs: bool = False,
    snapshots: tuple[Snapshot, ...] = (),
    after: After | None = None,
) -> Callable[[Callable[[Context], None]], Callable[[Context], None]]:
    """Declares a test as code: the function runs in the guest, as root, with a live `Context`.

    It may take at most `timeout` guest seconds.  `trace`, `sample_ms`, `decisions`, `op_costs`,
    `snapshots` and `after` as for a scenario.

    Raises:
        UsageError: a value is out of range.
    """

    def mark(function: Callable[[Context], None]) -> Callable[[Context], None]:
        _declare(
            function,
            True,
            duration,
            workers_per_cgroup,
            checks,
            expect_fail,
            timeout,
            scheduler_args,
            needs,
            trace,
            claims,
            sample_ms,
            decisions,
            op_costs,
            snapshots,
            after,
        )
        return function

    return mark


test.__test__ = False  # type: ignore[attr-defined]


def declaration_of(value: object) -> Declaration | None:
    """The declaration of a decorated function; None for anything else."""
    found = getattr(value, _MARK, None)
    return found if isinstance(found, Declaration) else None


def _declare(
    function: Callable[..., Any],
    in_guest: bool,
    duration: float,
    workers: int,
    checks: Checks | None,
    expect_fail: ExpectFail | None,
    timeout: float,
    scheduler_args: tuple[str, ...],
    needs: Needs | None,
    trace: bool,
    claims: tuple[StatClaim | SeriesClaim, ...],
    sample_ms: float,
    decisions: bool,
    op_costs: bool,
    snapshots: tuple[Snapshot, ...],
    after: After | None,
) -> None:
    name = function.__name__
    times = (("duration", duration), ("timeout", timeout), ("sample_ms", sample_ms))
    for what, value in times:
        if not math.isfinite(value) or value <= 0:
            raise UsageError(f"test {name}: {what} is {value}; it must be finite and above 0")
    if workers < 1:
        raise UsageError(f"test {name}: workers_per_cgroup is {workers}; at least 1 is needed")
    checks = checks or Checks()
    try:
        check_checks(checks)
    except UsageError as error:
        raise UsageError(f"test {name}: {error}") from error
    _check_asked(name, claims, snapshots, after)
    declared = Declaration(
        name,
        in_guest,
        duration,
        workers,
        checks,
        expect_fail,
        timeout,
        tuple(scheduler_args),
        function,
        needs,
        trace,
        tuple(claims),
        sample_ms,
        decisions,
        op_costs,
        tuple(snapshots),
        after,
    )
    setattr(function, _MARK, declared)


def _check_asked(
    name: str,
    claims: tuple[StatClaim | SeriesClaim, ...],
    snapshots: tuple[Snapshot, ...],
    after: After | None,
) -> None:
    for claim in claims:
        if not isinstance(claim, StatClaim | SeriesClaim):
            raise UsageError(
                f"test {name}: claims: {claim!r} claims nothing; expected e.g. "
                f'(stat("cg_0.iterations").at_least(100),), with a comma'
            )
    for each in snapshots:
        if not isinstance(each, Snapshot):
            raise UsageError(
                f"test {name}: snapshots: {each!r} is no snapshot; expected e.g. "
                f'(Snapshot("load", every=0.1),), with a comma'
            )
    if after is not None and not callable(after):
        raise UsageError(
            f"test {name}: after is {after!r}; expected a function that takes the finished run"
        )
