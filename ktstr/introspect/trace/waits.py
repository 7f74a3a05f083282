# SPDX-License-Identifier: Apache-2.0
"""What a task waited for, and who kept it off, by name."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ktstr.introspect.trace.events import Decisions, Event
from ktstr.introspect.trace.values import RUNNABLE

_NS_PER_US = 1000


class Run(NamedTuple):
    """A time that a task had a CPU."""

    cpu: int
    pid: int
    began_ns: int
    ended_ns: int


@dataclass(frozen=True)
class Wait:
    """A time that a task did not run.

    Attributes:
      state: RUNNABLE: it was ready, and waited for a CPU; else what it slept in.
      cpu: where it ran next; the others are those who ran there meanwhile. None: it did not run
        again before the trace's end.
      by: who woke it, or gave it up before; None where that was not seen.
      others: how long each kept the CPU, by pid, the longest first. 0 is nobody: the CPU was idle.
      dsq: the last dispatch queue that it was put into.
    """

    state: str
    began_ns: int
    ended_ns: int
    cpu: int | None
    by: int | None
    others: tuple[tuple[int, int], ...]
    dsq: str = ""

    @property
    def ns(self) -> int:
        """How long it was."""
        return self.ended_ns - self.began_ns


def runs_of(decisions: Decisions) -> tuple[Run, ...]:
    """Who had which CPU, in the order of beginnings; the last of each CPU lasts to the end."""
    began: dict[int, tuple[int, int]] = {}
    found: list[Run] = []
    for event in decisions.events:
        if event.what != "switch":
            continue
        values = event.values
        pid, since = began.get(event.cpu, (int(values["prev"]), decisions.events[0].at_ns))
        found.append(Run(event.cpu, pid, since, event.at_ns))
        began[event.cpu] = int(values["next"]), event.at_ns
    for cpu, (pid, since) in began.items():
        found.append(Run(cpu, pid, since, decisions.ended_ns))
    return tuple(sorted(found, key=lambda run: run.began_ns))


def waits_of(decisions: Decisions, pid: int) -> tuple[Wait, ...]:
    """Each time that a task was ready and did not run, and each sleep, in their order."""
    runs: dict[int, list[Run]] = {}
    for run in runs_of(decisions):
        runs.setdefault(run.cpu, []).append(run)
    return tuple(_waits(decisions, runs, pid))


def told(decisions: Decisions, pid: int, most: int = 5) -> list[str]:
    """In words, the longest waits of a task for a CPU, and who had that CPU meanwhile."""
    waits = [wait for wait in waits_of(decisions, pid) if wait.state == RUNNABLE]
    name = decisions.names.get(pid, "?")
    total = sum(wait.ns for wait in waits)
    said = [f"{name} ({pid}) was ready {len(waits)} times, and waited {_us(total)} for a CPU"]
    for wait in sorted(waits, key=lambda each: -each.ns)[:most]:
        others = ", ".join(
            f"{decisions.names.get(other, '?')} ({other}) {_us(ns)}"
            for other, ns in wait.others[:most]
        )
        queue = f" in DSQ {wait.dsq}" if wait.dsq else ""
        said.append(
            f"{_us(wait.ns)} from {wait.began_ns / 1e9:.6f}s{queue}, "
            + (
                "to the end of the trace: no CPU took it"
                if wait.cpu is None
                else f"until CPU {wait.cpu} took it; there ran meanwhile: {others or 'nobody'}"
            )
        )
    return said


def _waits(decisions: Decisions, runs: Mapping[int, Sequence[Run]], pid: int) -> Iterator[Wait]:
    off: tuple[int, str] | None = None
    by: int | None = None
    dsq = ""
    for event in decisions.events:
        values = event.values if event.what in _OF_A_TASK else {}
        if event.what == "switch" and values["prev"] == pid:
            off, by, dsq = (event.at_ns, str(values["state"])), None, ""
        elif event.what in ("waking", "new") and values["pid"] == pid:
            by = int(values["by"])
            if off is not None:
                yield _wait(runs, off, event, None, "")
            off = event.at_ns, RUNNABLE
        elif event.what == "dsq_insert" and values["pid"] == pid:
            dsq = str(values["dsq"])
        elif event.what == "switch" and values["next"] == pid and off is not None:
            yield _wait(runs, off, event, by, dsq)
            off = None
    if off is not None and off[1] == RUNNABLE:
        yield Wait(RUNNABLE, off[0], decisions.ended_ns, None, by, (), dsq)


_OF_A_TASK = frozenset({"switch", "waking", "new", "dsq_insert"})


def _wait(
    runs: Mapping[int, Sequence[Run]], off: tuple[int, str], event: Event, by: int | None, dsq: str
) -> Wait:
    began, state = off
    others: dict[int, int] = {}
    there = runs.get(event.cpu, ())
    first = bisect_right(there, began, key=lambda run: run.ended_ns)
    for at in range(first, len(there)) if state == RUNNABLE else ():
        run = there[at]
        if run.began_ns >= event.at_ns:
            break
        ns = min(run.ended_ns, event.at_ns) - max(run.began_ns, began)
        if ns > 0:
            others[run.pid] = others.get(run.pid, 0) + ns
    longest = tuple(sorted(others.items(), key=lambda each: -each[1]))
    return Wait(state, began, event.at_ns, event.cpu, by, longest, dsq)


def _us(ns: int) -> str:
    return f"{ns / _NS_PER_US:.1f} us"
