# SPDX-License-Identifier: Apache-2.0
"""What could differ between two runs: sleeps, wake-ups, messages, more workers than CPUs."""

from ktstr import Backdrop, Bursty, CgroupDef, FutexPingPong, Mixed, PipeIo, RunPayload, Work

_WORKS = (
    Work(Bursty(burst_us=3_000, sleep_us=2_000), workers=2),
    Work(FutexPingPong(), workers=2),
    Work(PipeIo(), workers=2),
)
# what takes a number must not come last: hackbench refuses it then
_MESSAGES = ("--groups=1", "--fds=2", "--loops=50", "--pipe")

BACKDROP = Backdrop(cgroups=(CgroupDef("cg_0", works=_WORKS), CgroupDef("load", works=None)))
MESSAGES = RunPayload("hackbench", args=_MESSAGES, cgroup="load")
LATE = CgroupDef("late", works=(Work(Mixed(), workers=4),))
