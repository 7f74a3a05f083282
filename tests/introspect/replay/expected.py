# SPDX-License-Identifier: Apache-2.0
"""What the page of each failure's replay has to say: of which task, and by which function."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# what a guest needs to start, in the result's `wall`
_START = "boot to the agent's hello"


@dataclass(frozen=True)
class Expected:
    """A test that fails.

    Attributes:
      target, test: it is.
      what: that happened.
      task: a pattern of the name of whom it is about.
      function: that is on the stack.
    """

    target: str
    test: str
    what: str
    task: str
    function: str


EXPECTED = (
    Expected("wrong", "a_cpu_that_there_is_not", "ejection", r"w0\.0\.1", "select_task_rq_scx"),
    Expected("wrong", "a_queue_that_there_is_not", "ejection", r"w0\.0\.2", "do_enqueue_task"),
    Expected("wrong", "it_gives_up", "ejection", r"w0\.0\.1", "bpf:wrong_enqueue"),
    Expected("faults", "stalled", "ejection", r"\S+", "scx_watchdog_workfn"),
    Expected("faults", "gave_up", "ejection", r"\S+", "bpf:on_timer"),
    Expected("faults", "asked_and_gave_up", "ejection", r"\S+", "bpf:on_timer"),
    Expected("faults", "no_hotplug", "ejection", r"cpuhp/\d", "sched_cpu_deactivate"),
    Expected("faults", "miscounted", "broken invariant", r"w0\.0\.0", "sched_tick"),
    Expected("faults", "starved", "passed limit", r"w0\.0\.1", "sched_tick"),
    Expected("faults", "stuck", "passed limit", r"w0\.0\.\d", "sched_tick"),
    Expected("faults", "lopsided", "passed limit", r"w0\.0\.\d", "sched_tick"),
    Expected("faults", "idle_beside", "passed limit", r"w0\.0\.\d", "set_next_task_idle"),
    Expected("dying", "hung", "hang", "ktstr-agent", "sched_tick"),
    Expected("dying", "panicked", "panic", "ktstr-function", "sysrq_handle_crash"),
    Expected("dying", "oopsed", "crash", "ktstr-function", "current_clocksource_show"),
    Expected("dying", "warned", "warning", "ktstr-function", "version_proc_show"),
)


def wrong(result: Mapping[str, Any], expected: Expected) -> str:
    """In words, what is wrong with the replay of a result; empty where all of it is right."""
    page: Mapping[str, Any] = result.get("replay", {})
    if not page.get("again"):
        return f"it did not come again: {page.get('problem', 'there is no page')}"
    if page["what"] != expected.what:
        return f"what came again is {page['what']!r}, and should be {expected.what!r}"
    task = page.get("task", "")
    if not re.fullmatch(expected.task, task):
        return f"it is about {task!r}, and should be about {expected.task}"
    functions = [frame.partition("+")[0] for frame in page.get("stack", ())]
    if expected.function not in functions:
        return f"{expected.function} is not on the stack: {', '.join(functions)}"
    return ""


def times_of_the_run(result: Mapping[str, Any]) -> float:
    """Host seconds of the replay by those of the failed run behind its start."""
    wall = {each["name"]: each.get("seconds", 0.0) for each in result["host"]["wall"]}
    own: float = wall["total"] - wall.get(_START, 0.0)
    taken: float = wall.get("replay", 0.0)
    return taken / own if own > 0 else float("inf")
