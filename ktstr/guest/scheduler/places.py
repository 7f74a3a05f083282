# SPDX-License-Identifier: Apache-2.0
"""What a scheduler is to find when it starts: the cgroup of its process, and its configuration."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ktstr.guest.system.cgroups import MOUNT, CgroupTree
from ktstr.model.errors import InfraError

if TYPE_CHECKING:
    from ktstr.model.plan import SchedulerPlan

# a shell enters the cgroup and becomes the program: nothing of that runs anywhere else
_ENTER = 'echo 0 > "$0" && exec "$@"'


def settle(plan: SchedulerPlan) -> None:
    """Makes the cgroup of a scheduler's process, and writes its configuration, if it has them.

    Raises:
        InfraError: the guest cannot; the file and the reason are named.
    """
    if plan.cgroup:
        CgroupTree(parent=plan.cgroup).prepare()
    if not plan.config_text:
        return
    try:
        os.makedirs(os.path.dirname(plan.config), exist_ok=True)
        with open(plan.config, "w", encoding="utf-8") as file:
            file.write(plan.config_text)
    except OSError as error:
        raise InfraError(
            f"cannot write the configuration of scheduler {plan.name}: {error}"
        ) from error


def enter(plan: SchedulerPlan, pid: int) -> None:
    """Moves a process that is there already into the scheduler's cgroup, if it has one."""
    if plan.cgroup:
        CgroupTree(parent=plan.cgroup).enter(pid)


def command_of(plan: SchedulerPlan) -> tuple[str, ...]:
    """The command line that starts a scheduler in its cgroup."""
    if not plan.cgroup:
        return plan.argv
    procs = os.path.join(MOUNT, plan.cgroup.strip("/"), "cgroup.procs")
    return ("/bin/busybox", "sh", "-c", _ENTER, procs, *plan.argv)


def cgroup_of(pid: int) -> str:
    """The cgroup that a process is in, as /proc/PID/cgroup has it; empty if it is gone."""
    try:
        with open(f"/proc/{pid}/cgroup", encoding="utf-8") as file:
            lines = file.read().splitlines()
    except OSError:
        return ""
    return next((line[3:] for line in lines if line.startswith("0::")), "")
