# SPDX-License-Identifier: Apache-2.0
"""A test function and its target become a plan, checked as far as it goes without a guest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ktstr.judge.claims import check_claims
from ktstr.machine.boot import wanted_arguments
from ktstr.machine.target import Target
from ktstr.model.errors import UsageError
from ktstr.model.machine.disk import Disk
from ktstr.model.machine.topology import TopologyView
from ktstr.model.payload import Payload
from ktstr.model.plan import GuestDeadlines, Plan, SchedulerPlan
from ktstr.model.validation.own_work import check_custom_work
from ktstr.model.validation.validate import check_scenario, check_types
from ktstr.model.verdict.checks import DEFAULT_CHECKS
from ktstr.runner.arguments import Command
from ktstr.runner.cases.case import Case
from ktstr.runner.cases.check_layers import check_layers, merged, owners
from ktstr.runner.cases.scheduler_plan import scheduler_plan


def plan_of(
    case: Case,
    target: Target,
    disks: tuple[Disk, ...] = (),
    environment: Mapping[str, str] | None = None,
) -> Plan:
    """The plan of one test on a machine with `disks`; `environment` is set in the guest.

    Raises:
        UsageError: the function gave no scenario, or its scenario does not fit the topology or the
            scheduler; the message begins with `file:line`.
    """
    if case.error:
        raise UsageError(case.error)
    own = _own(target, case.scheduler_args)
    if case.scheduler_args and own is None:
        raise UsageError(
            f"{case.source}:{case.line}: test {case.name}: scheduler_args are given, and "
            f"{target.label} has no scheduler; set its `scheduler` attribute or remove them"
        )
    try:
        _check(case, target, own, disks)
    except UsageError as error:
        raise UsageError(
            f"{case.source}:{case.line}: test {case.name} on {target.topology}: {error}"
        ) from error
    layers = check_layers(case, target)
    plan = Plan(
        test=case.name,
        source=case.source,
        topology=target.topology,
        duration_s=case.duration_s,
        workers_per_cgroup=case.workers_per_cgroup,
        seed=target.seed,
        scheduler=own,
        scenario=case.scenario,
        function=case.name if case.in_guest else None,
        checks=merged(layers),
        check_layers=owners(layers),
        claims=case.claims,
        expect_fail=case.expect_fail,
        deadlines=GuestDeadlines(test_s=case.timeout_s),
        payloads=payloads_of(target),
        disks=disks,
        staged=staged_of(target),
        trace=case.trace,
        sample_ms=case.sample_ms,
        numa=target.numa,
        workers=workers_of(target),
        kargs=wanted_arguments(target),
        environment=dict(environment or {}),
        workload_root=target.workload_root_cgroup,
        data=target.data.names if target.data is not None else (),
    )
    return _asking_the_verifier(plan) if plan.tells_programs else plan


def _asking_the_verifier(plan: Plan) -> Plan:
    """The plan with loaders that tell what the verifier says; others cannot be asked."""

    def asking(each: SchedulerPlan) -> SchedulerPlan:
        return replace(each, argv=(*each.argv, "--verifier")) if each.control else each

    own = asking(plan.scheduler) if plan.scheduler is not None else None
    return replace(plan, scheduler=own, staged=tuple(map(asking, plan.staged)))


def _check(case: Case, target: Target, own: SchedulerPlan | None, disks: tuple[Disk, ...]) -> None:
    """Whether claims and scenario fit each other and the machine; a UsageError if not."""
    view = TopologyView.of(target.machine)
    if case.snapshots:
        from ktstr.model.validation.inside import check_snapshots  # few tests have some

        check_snapshots(case.snapshots, view.cpus)
    if case.scenario is None:
        check_claims(case.claims, None)
        return
    check_types(case.scenario)
    check_claims(case.claims, case.scenario)
    check_scenario(
        case.scenario,
        view,
        case.workers_per_cgroup,
        own,
        payloads_of(target),
        disks,
        staged_of(target),
    )
    check_custom_work(case.scenario, workers_of(target))


def shell_plan(
    target: Target,
    disks: tuple[Disk, ...] = (),
    environment: Mapping[str, str] | None = None,
    command: Command | None = None,
) -> Plan:
    """The plan of `NAME.shell`: the target's guest and scheduler, and a shell instead of a test.

    The shell is a terminal, or carries out `command`.
    """
    return Plan(
        test="shell",
        source="",
        topology=target.topology,
        duration_s=1.0,
        workers_per_cgroup=1,
        seed=target.seed,
        scheduler=_own(target),
        scenario=None,
        function=None,
        checks=DEFAULT_CHECKS,
        deadlines=GuestDeadlines(test_s=command.timeout_s) if command else GuestDeadlines(),
        shell=True,
        command=command.text if command else "",
        payloads=payloads_of(target),
        disks=disks,
        staged=staged_of(target),
        numa=target.numa,
        environment=dict(environment or {}),
        workload_root=target.workload_root_cgroup,
        data=target.data.names if target.data is not None else (),
    )


def staged_of(target: Target) -> tuple[SchedulerPlan, ...]:
    """The schedulers that the target's tests may bring in."""
    return tuple(scheduler_plan(files, target, ()) for files in target.staged)


def workers_of(target: Target) -> tuple[str, ...]:
    """The names of the target's own work types."""
    return tuple(files.name for files in target.workers)


def payloads_of(target: Target) -> tuple[Payload, ...]:
    """What the target's tests may run."""
    return tuple(files.payload for files in target.payloads)


def _own(target: Target, arguments: tuple[str, ...] = ()) -> SchedulerPlan | None:
    if target.scheduler is None:
        return None
    return scheduler_plan(target.scheduler, target, (*target.scheduler_args, *arguments))
