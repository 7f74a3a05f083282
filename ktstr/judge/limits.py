# SPDX-License-Identifier: Apache-2.0
"""Whether the limits that cgroups were given were in force."""

from __future__ import annotations

from ktstr.model.checks import Detail, Kind, Verdict
from ktstr.record.run import RunRecord


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
