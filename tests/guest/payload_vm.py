# SPDX-License-Identifier: Apache-2.0
"""Payloads in a real guest: cgroups, the agent's real-time class, and what outlives a function."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import ktstr
from ktstr import (
    Backdrop,
    CgroupDef,
    Checks,
    Fixed,
    KillPayload,
    RunPayload,
    Scenario,
    Step,
    TopologyView,
    WaitPayload,
    metric,
)
from ktstr.model.errors import KtstrError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ktstr import Context

_ANY = Checks(not_starved=False)
_CGROUPS = "/sys/fs/cgroup"
_HOLD = Fixed(0.1)
# where it is, and as what: cgroup, scheduling policy (field 41 of stat), protection from the OOM
# killer, whether it leads its process group
_SELF = (
    "cut -d: -f3 /proc/self/cgroup; cut -d' ' -f41 /proc/self/stat; cat /proc/self/oom_score_adj; "
    "[ $(cut -d' ' -f5 /proc/$$/stat) = $$ ] && echo leads"
)


def _raised(action: Callable[[], object]) -> str:
    try:
        action()
    except KtstrError as error:
        return f"{type(error).__name__}: {error}"
    return "nothing was raised"


def _below(name: str) -> str:
    folder = f"{_CGROUPS}/ktstr/{name}"
    os.makedirs(folder, exist_ok=True)
    return folder


@ktstr.test(checks=_ANY)
def is_an_ordinary_task_where_it_belongs(ctx: Context) -> None:
    """In its cgroup, not in the agent's real-time class, not protected from the OOM killer."""
    _below("mine")
    script = ctx.payload("script")
    inside = script.arg(_SELF).in_cgroup("/mine").run()
    assert inside.ok, inside
    assert inside.facts.stdout_tail.split() == ["/ktstr/mine", "0", "0", "leads"], inside
    assert inside.facts.cgroup == "mine"
    beside = script.arg(_SELF).run()
    assert beside.facts.stdout_tail.split()[:2] == ["/ktstr-test/body", "0"], beside
    # nothing ran outside its cgroup, not even for a moment
    with open(f"{_CGROUPS}/ktstr/mine/cpu.stat", encoding="ascii") as file:
        assert int(file.readline().split()[1]) > 0
    fast = script.arg("setsid sh -c 'sleep 3600' & sleep 0.1").in_cgroup("mine").run()
    assert fast.facts.left_behind, fast
    with open(f"{_CGROUPS}/ktstr/mine/cgroup.procs", encoding="ascii") as file:
        assert not file.read()
    os.rmdir(f"{_CGROUPS}/ktstr/mine")


@ktstr.test(checks=_ANY)
def placements_that_fail_say_so(ctx: Context) -> None:
    """A missing cgroup, one that the kernel refuses, one that goes while the child waits."""
    from tests.guest.payload_support import Guest, nothing_left

    del ctx
    # with a sink of its own: what is tried here in vain is no part of the test's record
    guest = Guest(_CGROUPS)
    for name in ("inner", "inner/leaf", "inner/other"):
        guest.tree.create(name)
    # beside a threaded cgroup a plain one takes no processes (cgroup-v2.rst, "Threads")
    with open(f"{_CGROUPS}/ktstr/inner/leaf/cgroup.type", "w", encoding="ascii") as file:
        file.write("threaded")
    shell = guest.bench.builder("sh").arg("true")
    with nothing_left():
        text = _raised(shell.in_cgroup("gone").run)
        assert text.startswith("UsageError: payload 'sh': cgroup 'gone' does not exist; "), text
        assert text.endswith("existing cgroups: inner, inner/leaf, inner/other"), text
        for start in (shell.in_cgroup("inner/other").run, shell.in_cgroup("inner/other").spawn):
            text = _raised(start)
            assert "InfraError: payload 'sh': cannot be placed in cgroup 'inner/other'" in text, (
                text
            )
    assert [facts.end.value for facts in guest.sink.facts] == ["not_started"] * 3
    guest.tree.remove("inner/other")
    text = _raised(lambda: guest.tree.remove("inner"))
    assert text == "InfraError: cannot remove cgroup 'inner': it has the child 'leaf'", text
    # who is still in a cgroup that goes, is moved out of it first
    guest.tree.remove("inner/leaf")
    handle = guest.bench.builder("sleep").in_cgroup("inner").spawn()
    guest.tree.remove("inner")
    with open(f"/proc/{handle.pid}/cgroup", encoding="ascii") as file:
        assert file.read() == "0::/\n"
    assert handle.kill().facts.end.value == "killed"


@ktstr.scenario(duration=0.3, checks=_ANY)
def ops_run_wait_and_kill(machine: TopologyView) -> Scenario:
    """All ops, in cgroups and beside the agent, of steps and of the backdrop."""
    del machine
    ends_well = (metric.ExitCodeEq(0),)
    in_cg = ('[ "$(cut -d: -f3 /proc/self/cgroup)" = /ktstr/cg_0 ]',)
    return Scenario(
        (
            Step(
                ops=(
                    RunPayload("script", in_cg, ends_well, cgroup="cg_0"),
                    WaitPayload("script", "cg_0", timeout=20.0),
                    RunPayload("script", ("exit 3",), (metric.ExitCodeEq(3),), cgroup="/cg_0"),
                    WaitPayload("script", "cg_0", timeout=20.0),
                    RunPayload("values", ("--a=5",), (metric.Min("a", 5),)),
                    WaitPayload("values", timeout=20.0),
                    RunPayload("script", ("sleep 3600 & sleep 3600",), cgroup="cg_0"),
                    KillPayload("script", "cg_0"),
                ),
                hold=_HOLD,
            ),
            Step(ops=(RunPayload("script", ("sleep 3600",), cgroup="cg_0"),), hold=_HOLD),
            Step(ops=(RunPayload("script", ("exit 0",), cgroup="cg_0"),), hold=_HOLD),
        ),
        Backdrop((CgroupDef("cg_0", works=None),), (RunPayload("script", ("sleep 3600",)),)),
    )


@ktstr.test(checks=_ANY)
def ops_in_a_function(ctx: Context) -> None:
    """The facts of ops come back, with the step and the end of each."""
    played = ctx.run(
        Step(
            ops=(
                RunPayload("script", ("sleep 3600",), (metric.ExitCodeEq(-1),)),
                WaitPayload("script", timeout=0.2),
            ),
            hold=_HOLD,
        ),
        Step(
            ops=(RunPayload("script", ("trap '' TERM; sleep 3600",), cgroup="cg_0"),),
            setup=(),
            hold=_HOLD,
        ),
        backdrop=Backdrop((CgroupDef("cg_0"),)),
    )
    assert not played.scenario.error, played.scenario.error
    found = [(each.step, each.cgroup, each.end.value) for each in played.payloads]
    assert found == [(0, None, "timeout"), (1, "cg_0", "killed")], found
    assert played.workers and all(worker.completed for worker in played.workers)
    assert not os.path.exists(f"{_CGROUPS}/ktstr/cg_0")


@ktstr.test(checks=_ANY)
def a_handle_left_behind_leaves_no_process(ctx: Context) -> None:
    """The agent would name, and fail, what is still there when the function has returned."""
    _below("left")
    script = ctx.payload("script")
    ctx.note("pid", script.arg("sleep 3600 & sleep 3600").in_cgroup("left").spawn().pid or 0)
    kept = script.arg("sleep 3600 & exec sleep 3600").in_cgroup("left").spawn()
    assert kept.try_wait() is None
