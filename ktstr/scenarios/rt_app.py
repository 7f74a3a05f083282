# SPDX-License-Identifier: Apache-2.0
"""rt-app workloads as scenarios: their tasks become the workers of one group (RtApp)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ktstr.model.errors import UsageError
from ktstr.model.machine.cpulist import format_cpulist
from ktstr.model.nearest import did_you_mean
from ktstr.model.scenario.scenario import FULL, CgroupDef, Fixed, HoldSpec, Scenario, Step
from ktstr.model.validation.cgroup_name import check_name
from ktstr.model.work.policy import Policy, Role
from ktstr.model.work.teams import RtApp, RtCpus, RtTask
from ktstr.model.work.work import Deadline, Work, check_work
from ktstr.scenarios.rt_app_file import (
    MOST_CPU,
    App,
    EventDef,
    PhaseDef,
    Settings,
    Source,
    TaskDef,
    origin_of,
    read_app,
)

_POLICIES = {
    "SCHED_OTHER": Policy.NORMAL,
    "SCHED_IDLE": Policy.IDLE,
    "SCHED_RR": Policy.RR,
    "SCHED_FIFO": Policy.FIFO,
    "SCHED_DEADLINE": Policy.DEADLINE,
}
_RT_PRIORITY = 10
_COMM = 15
# a word of a command line has 128 KiB (MAX_ARG_STRLEN)
_LONGEST = 120_000
_LOCAL_TIMERS = 64
_ALL_CPUS = f"0-{MOST_CPU}"
# of a phase's affinity: TEXT_SIZE of ktstr/worker/steps/rt_resources.c, with its end
_LONGEST_CPUS = 63
_UNIQUE = "unique"
# kinds of what tasks share, by the events that name it
_KINDS = {
    "lock": "mutex",
    "unlock": "mutex",
    "wait": "condition",
    "sync": "condition",
    "signal": "condition",
    "broad": "condition",
    "barrier": "barrier",
    "suspend": "task",
    "resume": "task",
    "timer": "timer",
}


def rt_app(source: Source, *, cgroup: str = "rt_app", duration: float | None = None) -> Scenario:
    """The scenario of an rt-app workload: `source` is its file, its JSON text, or a dictionary.

    Tasks without a taskgroup are in `cgroup`.  It lasts `duration` guest seconds, or those that the
    workload says, else all of the test's.

    Raises:
        UsageError: the workload cannot be played; the place in it is named.
    """
    app = read_app(source)
    seconds = duration if duration is not None else app.duration
    hold: HoldSpec = FULL if seconds is None else Fixed(float(seconds))
    return Scenario((Step(setup=_cgroups(app, cgroup), hold=hold),))


def rt_app_cgroups(source: Source, *, cgroup: str = "rt_app") -> tuple[CgroupDef, ...]:
    """The cgroups of `rt_app` alone, to be put beside others; it raises the same.

    Raises:
        UsageError: the workload cannot be played; the place in it is named.
    """
    return _cgroups(read_app(source), cgroup)


@dataclass
class _Shared:
    """What the tasks of one cgroup share, numbered in the order that it is named."""

    numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)

    def number(self, kind: str, name: str) -> int:
        """The number of one of them."""
        return self.numbers.setdefault((kind, name), len(self.numbers))


def _cgroups(app: App, cgroup: str) -> tuple[CgroupDef, ...]:
    try:
        _policy(Settings(), app.default_policy, "global.default_policy")
        groups = _by_cgroup(app, cgroup)
        made = tuple(CgroupDef(name, works=(_work(app, tasks),)) for name, tasks in groups.items())
        parents = [CgroupDef(name, works=None) for name in _parents(groups)]
    except UsageError as error:
        raise UsageError(f"{origin_of(app.file)}: {error}") from error
    return (*parents, *made)


def _by_cgroup(app: App, cgroup: str) -> dict[str, list[TaskDef]]:
    """The tasks that there are by the cgroups that they are in."""
    groups: dict[str, list[TaskDef]] = {}
    names = [task.name for task in app.tasks]
    for task in app.tasks:
        _check_names(task, names)
        if task.instances:
            groups.setdefault(_taskgroup(task, app) or cgroup, []).append(task)
    if not groups:
        raise UsageError("no task of it has an instance")
    homes: dict[tuple[str, str], str] = {}
    for name, tasks in groups.items():
        for shared in (each for task in tasks for each in _named(task)):
            if homes.setdefault(shared, name) != name:
                raise UsageError(
                    f"{shared[0]} {shared[1]!r} is shared by tasks in the cgroups "
                    f"{homes[shared]} and {name}, which have no memory in common here"
                )
    return groups


def _taskgroup(task: TaskDef, app: App) -> str:
    """The cgroup that a task asks for; empty for none."""
    own = (task.settings.taskgroup or "").strip("/")
    if own:
        try:
            check_name(own)
        except UsageError as error:
            raise UsageError(f"tasks.{task.name}.taskgroup: {error}") from error
    for phase in task.phases:
        other = phase.settings.taskgroup
        if other is not None and other.strip("/") != own:
            raise UsageError(
                f"tasks.{task.name}.phases.{phase.name}.taskgroup: workers stay in one cgroup"
            )
    if (
        own
        and _policy(task.settings, app.default_policy, f"tasks.{task.name}") is not Policy.NORMAL
    ):
        raise UsageError(f"tasks.{task.name}: only SCHED_OTHER tasks have a taskgroup")
    return own


def _parents(groups: Iterable[str]) -> Iterator[str]:
    """Cgroups above those with tasks, from the top down."""
    names = list(groups)
    found = {
        "/".join(parts[:depth])
        for parts in (name.split("/") for name in names)
        for depth in range(1, len(parts))
    }
    for name in sorted(found):
        if name in names:
            raise UsageError(f"taskgroup {name!r} has tasks, and one below it, too: cgroups do not")
        yield name


def _check_names(task: TaskDef, names: list[str]) -> None:
    for event in _events(task):
        if event.kind in ("suspend", "resume") and event.ref not in names:
            raise UsageError(
                f"tasks.{task.name}: {event.kind} names {event.ref!r}, which is no task"
                f"{did_you_mean(event.ref, names)}; tasks: {', '.join(names)}"
            )


def _events(task: TaskDef) -> Iterator[EventDef]:
    return (event for phase in task.phases for event in phase.events)


def _named(task: TaskDef) -> Iterator[tuple[str, str]]:
    """Kind and name of all that a task shares with others."""
    for event in _events(task):
        kind = _KINDS.get(event.kind)
        if kind is None or (kind == "timer" and event.ref.startswith(_UNIQUE)):
            continue
        yield kind, event.ref
        if event.mutex:
            yield "mutex", event.mutex


def _work(app: App, tasks: list[TaskDef]) -> Work:
    shared = _Shared()
    for task in tasks:
        for event in _events(task):
            if event.kind == "barrier":
                shared.users[event.ref] = shared.users.get(event.ref, 0) + task.instances
    made = [each for task in tasks for each in _tasks(task, app, shared)]
    work = RtApp(tuple(made), len(shared.numbers), app.buffer_bytes, app.cumulative_slack)
    return Work(work, workers=len(made))


def _tasks(task: TaskDef, app: App, shared: _Shared) -> list[RtTask]:
    where = f"tasks.{task.name}"
    role, deadline = _role(task.settings, app.default_policy, where)
    words = [f"task:{task.delay}:{task.loop}"]
    binds = any(phase.settings.cpus is not None for phase in task.phases)
    timers: dict[str, int] = {}
    for phase in task.phases:
        words += _phase_words(phase, task, app, shared, timers, binds=binds)
    program = ",".join(words)
    if len(program) > _LONGEST:
        raise UsageError(f"{where} has too many events: {len(program)} bytes, {_LONGEST} at most")
    cpus = task.settings.cpus or frozenset()
    deadlines = any(word.startswith("deadline:") for word in words) or bool(deadline)
    if deadlines and (cpus or binds):
        raise UsageError(f"{where}: the kernel takes no affinity beside SCHED_DEADLINE")
    return [
        RtTask(_comm(task, number), program, *role, cpus, deadline, tuple(_binds(task, app)))
        for number in range(task.instances)
    ]


def _binds(task: TaskDef, app: App) -> Iterator[RtCpus]:
    """All that the task says of CPUs, with the place; a plan has no path of this machine."""
    place = f"{origin_of(os.path.basename(app.file))}: tasks.{task.name}"
    if task.settings.cpus is not None:
        yield RtCpus(f"{place}.cpus", task.settings.cpus)
    for phase in task.phases:
        if phase.settings.cpus is not None:
            yield RtCpus(f"{place}.phases.{phase.name}.cpus", phase.settings.cpus)


def _comm(task: TaskDef, number: int) -> str:
    name = f"{task.name}-{number}".encode()[:_COMM]
    return name.decode(errors="ignore")


def _phase_words(
    phase: PhaseDef,
    task: TaskDef,
    app: App,
    shared: _Shared,
    timers: dict[str, int],
    *,
    binds: bool,
) -> Iterator[str]:
    where = f"tasks.{task.name}.phases.{phase.name}"
    yield f"phase:{phase.loop}"
    if binds:
        # what a phase does not say is the task's
        cpus = phase.settings.cpus or task.settings.cpus
        listed = format_cpulist(cpus).replace(",", "+") if cpus else _ALL_CPUS
        if len(listed) > _LONGEST_CPUS:
            raise UsageError(f"{where}.cpus: {listed} is longer than {_LONGEST_CPUS} characters")
        yield f"affinity:{listed}"
    if phase.settings.schedules:
        inherited = task.settings.policy or app.default_policy
        role, deadline = _role(phase.settings, inherited, where)
        if deadline:
            yield f"deadline:{':'.join(map(str, deadline))}"
        else:
            yield f"policy:{role.policy.value}:{role.rt_priority}:{role.nice}"
    for event in phase.events:
        yield _word(event, shared, timers, where)


def _word(event: EventDef, shared: _Shared, timers: dict[str, int], where: str) -> str:
    kind = _KINDS.get(event.kind)
    if event.kind == "timer" and event.ref.startswith(_UNIQUE):
        number = timers.setdefault(event.ref, len(timers))
        if number >= _LOCAL_TIMERS:
            raise UsageError(f"{where}: more than {_LOCAL_TIMERS} unique timers of one task")
        return f"unique:{number}:{event.value}:{int(event.absolute)}"
    if event.kind == "yield":
        return "yield"
    if kind is None:
        return f"{event.kind}:{event.value}"
    number = shared.number(kind, event.ref)
    match event.kind:
        case "timer":
            return f"timer:{number}:{event.value}:{int(event.absolute)}"
        case "wait" | "sync":
            return f"{event.kind}:{number}:{shared.number('mutex', event.mutex)}"
        case "barrier":
            return f"barrier:{number}:{shared.users[event.ref]}"
        case _:
            return f"{event.kind}:{number}"


def _policy(settings: Settings, inherited: str, where: str) -> Policy:
    name = settings.policy or inherited
    if name not in _POLICIES:
        near = did_you_mean(name, _POLICIES)
        raise UsageError(
            f"{where}: unknown policy {name!r}{near}; policies: {', '.join(_POLICIES)}"
        )
    return _POLICIES[name]


def _role(settings: Settings, inherited: str, where: str) -> tuple[Role, tuple[int, ...]]:
    """Policy, priorities, and the times of a deadline task."""
    policy = _policy(settings, inherited, where)
    priority, runtime = settings.priority, settings.dl_runtime
    role, deadline = Role(policy, 0, priority or 0), None
    if policy in (Policy.FIFO, Policy.RR):
        role = Role(policy, _RT_PRIORITY if priority is None else priority, 0)
    if policy is Policy.DEADLINE:
        if runtime is None:
            raise UsageError(f"{where}: SCHED_DEADLINE needs dl-runtime")
        period = settings.dl_period or runtime
        deadline = Deadline(runtime, settings.dl_deadline or period, period)
    elif settings.dl_runtime or settings.dl_period or settings.dl_deadline:
        raise UsageError(f"{where}: dl-runtime, dl-period and dl-deadline go with SCHED_DEADLINE")
    try:
        check_work(
            Work(policy=policy, rt_priority=role.rt_priority, nice=role.nice, deadline=deadline)
        )
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error
    times = (deadline.runtime_us, deadline.deadline_us, deadline.period_us) if deadline else ()
    return role, times
