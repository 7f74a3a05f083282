# SPDX-License-Identifier: Apache-2.0
"""Limits of cgroups that were in force and yet not kept: cpu.max and cpu.weight.

The kernel keeps both for EEVDF's tasks.  A sched_ext scheduler has cpu.max only if it takes
ops.cgroup_set_bandwidth() (Linux 6.17), and cpu.weight only if it takes ops.cgroup_set_weight();
where it does not, the files read back as they were written all the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from ktstr.judge.checks.share import portions
from ktstr.judge.workers.classes import life_over
from ktstr.judge.workers.quota import overruns
from ktstr.judge.workers.scope import Scope
from ktstr.record.run import RunRecord

# a share further from its promise than this is told; checks.md: max_share_error_pct
_FAR_PCT = 25.0


def kept_remarks(run: RunRecord, scope: Scope) -> Iterator[str]:
    """A sentence for each limit that was not kept; `scope`: all of the run."""
    for each in overruns(run):
        life = life_over(run, each.started_ns, each.ended_ns)
        who = (
            "the kernel keeps it for EEVDF's tasks alone"
            if life is None
            else f"{life.name} does not keep it, and the kernel does for EEVDF's tasks alone"
        )
        yield (
            f"cpu.max of {each.cgroup} allowed {each.allowed_s:.2f} s of CPU and it used "
            f"{each.used_s:.2f} s: {who}"
        )
    weighed = {cgroup.name for cgroup in run.cgroups if "cpu.weight" in cgroup.limits}
    if run.plan.checks.max_share_error_pct is not None or not weighed:
        return
    for portion in portions(scope):
        error = portion.error_pct
        if portion.cgroup in weighed and error is not None and error > _FAR_PCT:
            yield (
                f"cpu.weight of {portion.cgroup} promises {portion.promised:.2f} CPUs and it got "
                f"{portion.got:.2f}; max_share_error_pct makes that a failure"
            )
