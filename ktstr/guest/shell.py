# SPDX-License-Identifier: Apache-2.0
"""An interactive shell on the guest's console, for `NAME.shell`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ktstr.guest.system.child import Child
from ktstr.guest.system.sched_ext import read_state

if TYPE_CHECKING:
    from ktstr.guest.scenario.population import Stage
    from ktstr.guest.system.reactor import Reactor
    from ktstr.model.plan import Plan

_CONSOLE = "/dev/ttyS0"
_SHELL = "/bin/busybox"
_PROMPT = "ktstr:\\w# "
_NEVER_NS = 1 << 62


def run_shell(plan: Plan, stage: Stage, reactor: Reactor) -> None:
    """Gives the console to a shell and returns when it has ended, however long that takes.

    Raises:
        OSError: there is no console, or no shell.
    """
    console = os.open(_CONSOLE, os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC)
    os.write(console, _banner(plan, stage).replace("\n", "\r\n").encode())
    os.close(console)
    # the leader of a new session that opens a terminal gets it as its own: ^C and job control work
    pid = os.posix_spawn(
        _SHELL,
        ["sh", "-i"],
        {**os.environ, "PS1": _PROMPT, "TERM": "linux"},
        setsid=True,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, _CONSOLE, os.O_RDWR, 0),
            (os.POSIX_SPAWN_DUP2, 0, 1),
            (os.POSIX_SPAWN_DUP2, 0, 2),
        ],
    )
    shell = Child(reactor)
    shell.follow(pid)
    reactor.wait(_NEVER_NS, lambda: shell.status is not None)


def _banner(plan: Plan, stage: Stage) -> str:
    now = read_state()
    if plan.scheduler is None:
        scheduler = "the kernel's default scheduler"
    elif now.ops:
        scheduler = f"sched_ext is {now.state} with {now.ops}"
    else:
        scheduler = f"scheduler {plan.scheduler.name} is not attached: its words are above"
    return (
        f"\nktstr guest: Linux {os.uname().release}, {stage.view.describe()}, {scheduler}\n"
        f"busybox and python3.13 are here; workers: ktstr-worker; `exit` ends the guest\n\n"
    )
