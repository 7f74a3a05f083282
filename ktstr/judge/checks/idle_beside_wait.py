# SPDX-License-Identifier: Apache-2.0
"""max_idle_beside_wait_ms: no CPU goes idle while a task that may run there has waited for long.

This is work conservation at exact instants: whenever a CPU picks its idle task, all tasks that wait
for a CPU anywhere are looked at, with the CPUs that they may use.  How long the CPU then stands
idle is what `max_wasted_cpu_pct` says.
"""

from __future__ import annotations

from collections.abc import Callable

from ktstr.introspect.monitor.series import How, IdleLooks, IdleWait
from ktstr.judge.checks.measure import Limit, Measurement
from ktstr.judge.checks.monitored import NO_STEP
from ktstr.judge.workers.scope import Scope
from ktstr.judge.workers.subjects import NS_PER_MS
from ktstr.model.verdict.kinds import Kind

# looks that found no room may have been any
_MOST_LOST = 0.05


def idle_waits(scope: Scope) -> list[Measurement]:
    """The longest that a task had waited when each CPU went idle that it may run on, ms."""
    found = []
    for scenario in scope.scenarios:
        if not scenario.steps:
            continue
        start = min(step.started_ns for step in scenario.steps)
        end = max(step.ended_ns for step in scenario.steps)
        idle = scope.monitor.idle if scope.monitor is not None else None
        why = _unseen(scope)
        if why or idle is None:
            found.append(Measurement("CPUs", None, why))
            continue
        # on its way out or in, a CPU goes idle beside tasks that nobody may place there
        there = scope.machine.cpus - scope.presence.gone_sometime(start, end)
        found += [_of_cpu(cpu, idle, start, end) for cpu in sorted(there)]
        if idle.lost > _MOST_LOST * idle.looks:
            why = f"{idle.lost} of {idle.looks} looks at CPUs that went idle found no room"
            found.append(Measurement("CPUs", None, why))
        if idle.unseen:
            why = f"at {idle.unseen} looks at CPUs that went idle it was not seen who waited"
            found.append(Measurement("CPUs", None, why))
    return found


def _of_cpu(cpu: int, idle: IdleLooks, start: int, end: int) -> Measurement:
    own = [each for each in idle.waits if each.cpu == cpu and start <= each.at_ns <= end]
    name = f"CPU {cpu}"
    if not own:
        return Measurement(name, 0.0, f"{name} never went idle beside a task that waited for it")
    worst = max(own, key=lambda each: each.waited_ns)

    def when(passes: Callable[[float], bool]) -> int | None:
        late = (each.at_ns for each in own if passes(each.waited_ns / NS_PER_MS))
        return min(late, default=None)

    return Measurement(name, worst.waited_ns / NS_PER_MS, _words(worst, own, start), when=when)


def _words(worst: IdleWait, own: list[IdleWait], start: int) -> str:
    others = sum(each.among for each in own) - 1
    more = f", the longest of {others + 1} such waits" if others else ""
    return (
        f"CPU {worst.cpu} went idle {(worst.at_ns - start) / NS_PER_MS:.3f} ms after the start "
        f"while {worst.comm}[{worst.pid}], which may run there, had waited on CPU {worst.on_cpu} "
        f"for {worst.waited_ns / NS_PER_MS:.3f} ms{more}"
    )


def _unseen(scope: Scope) -> str:
    monitor = scope.monitor
    if monitor is None:
        return "nobody stood where CPUs go idle: the run has no monitor"
    lack = monitor.lack("idle_beside_wait")
    if lack:
        return f"this kernel cannot be looked at where CPUs go idle: it has no {lack}"
    if monitor.how is not How.PLUGIN or monitor.idle is None:
        why = monitor.why or "the plugin was not there"
        return f"nobody stood where CPUs go idle, which only the plugin can: {why}"
    return ""


MAX_IDLE_BESIDE_WAIT = Limit(
    "max_idle_beside_wait_ms", Kind.IDLE_BESIDE_WAIT, "ms", idle_waits, NO_STEP, of_cpus=True
)
