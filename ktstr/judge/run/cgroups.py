# SPDX-License-Identifier: Apache-2.0
"""Whether the limits and cpusets that cgroups were given were in force."""

from __future__ import annotations

from ktstr.judge.workers.presence import Presence, presence_of
from ktstr.judge.workers.subjects import NS_PER_S
from ktstr.model.facts import CgroupFacts
from ktstr.model.machine.cpulist import parse_cpulist
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord

_EVER_NS = 1 << 62


def limits(run: RunRecord) -> list[Detail]:
    """INCONCLUSIVE for a limit that the kernel did not put in force as asked."""
    return [
        Detail(
            Kind.WORKER_ERROR,
            f"cgroup {cgroup.name} was given {file} {given!r}, but "
            f"{cgroup.limits_in_force.get(file) or 'nothing'!r} is in force",
            Verdict.INCONCLUSIVE,
            cgroup.name,
        )
        for cgroup in run.cgroups
        for file, given in cgroup.limits.items()
        if given != cgroup.limits_in_force.get(file)
    ]


def cpusets(run: RunRecord) -> list[Detail]:
    """INCONCLUSIVE for a cgroup whose cpuset the kernel did not put in force as asked.

    That CPUs which were not there are not in force either is as asked, as long as one was left.
    """
    presence = presence_of(run.events)
    return [
        Detail(Kind.WORKER_ERROR, words, Verdict.INCONCLUSIVE, cgroup.name)
        for cgroup in run.cgroups
        if cgroup.cpuset
        and cgroup.cpuset != cgroup.effective_cpuset
        and (words := _not_as_asked(cgroup, presence))
    ]


def _not_as_asked(cgroup: CgroupFacts, presence: Presence) -> str:
    asked, found = parse_cpulist(cgroup.cpuset), parse_cpulist(cgroup.effective_cpuset)
    if found and found <= asked and asked - found <= presence.ever_gone():
        return ""
    words = (
        f"cgroup {cgroup.name} was given cpuset {cgroup.cpuset}, but "
        f"{cgroup.effective_cpuset or 'none'} is in force"
    )
    # nobody says when it was read: at some time after all that is known
    loss = next(presence.losses(asked, 0, _EVER_NS), None)
    if loss is None:
        return words
    return (
        f"{words}: CPU {loss.cpu}, its last one, went offline at {loss.at_ns / NS_PER_S:.3f} s of "
        f"the guest's clock, and the kernel puts the CPUs of the cgroup above in force then"
    )
