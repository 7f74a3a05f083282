# SPDX-License-Identifier: Apache-2.0
"""How things stood in a trace before one of its events: who ran, who was ready, and where."""

from __future__ import annotations

from dataclasses import dataclass, field

from ktstr.introspect.trace.events import Decisions
from ktstr.introspect.trace.values import RUNNABLE


@dataclass
class Standing:
    """By pid and CPU, as far as the trace has told; what it has not told is not there.

    running: the task of each CPU.  ready: of each task that is ready and does not run, the last
    dispatch queue that it was put into, empty for none.  depths: of each dispatch queue.
    """

    running: dict[int, int] = field(default_factory=dict)
    ready: dict[int, str] = field(default_factory=dict)
    depths: dict[str, int] = field(default_factory=dict)


def standing(decisions: Decisions, index: int) -> Standing:
    """How things stood before the event of that number."""
    found = Standing()
    for event in decisions.events[:index]:
        if event.what == "switch":
            values = event.values
            prev, following = int(values["prev"]), int(values["next"])
            found.running[event.cpu] = following
            found.ready.pop(following, None)
            if prev and values["state"] == RUNNABLE:
                found.ready.setdefault(prev, "")
            else:
                found.ready.pop(prev, None)
        elif event.what in ("waking", "new"):
            found.ready.setdefault(int(event.values["pid"]), "")
        elif event.what == "dsq_insert":
            values = event.values
            found.depths[str(values["dsq"])] = int(values["depth"])
            if int(values["pid"]) not in found.running.values():
                found.ready[int(values["pid"])] = str(values["dsq"])
        elif event.what == "dsq_remove":
            values = event.values
            found.depths[str(values["dsq"])] = int(values["depth"])
    return found


def as_lines(decisions: Decisions, index: int) -> list[str]:
    """The same in words, for people."""
    found = standing(decisions, index)

    def called(pid: int) -> str:
        return f"{decisions.names.get(pid, '?')}[{pid}]" if pid else "nothing"

    running = ", ".join(f"{cpu}: {called(pid)}" for cpu, pid in sorted(found.running.items()))
    lines = [f"CPUs run {running}"] if running else []
    waiting = ", ".join(
        f"{called(pid)} in DSQ {dsq}" if dsq else called(pid)
        for pid, dsq in sorted(found.ready.items())
    )
    lines += [f"ready: {waiting}"] if waiting else ["nobody else is ready"]
    deep = [f"DSQ {name} is {depth} deep" for name, depth in found.depths.items() if depth]
    return lines + ([", ".join(deep)] if deep else [])
