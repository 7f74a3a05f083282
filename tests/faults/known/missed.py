# SPDX-License-Identifier: Apache-2.0
"""Known faults that nothing here catches, or that this kernel cannot have, each with the reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Missed:
    """A fault without a test.

    Attributes:
      name: of the switch, or as kSTEP calls it.
      fixed: the commit that mended it.
      what: what is wrong.
      why: why nothing finds it, or what a check that did would need.
      switched: the kernel of //sched/faults has it behind a switch.
    """

    name: str
    fixed: str
    what: str
    why: str
    switched: bool = False


_NO_STATE = "no state of one instant is wrong; a check would have to keep what was before"
_LATER = "the code is younger than 6.12"
_FREQUENCY = "a CPU's capacity or speed must change, and no guest here has such CPUs"

MISSED = (
    Missed(
        "empty_weight",
        "66951e4860d3",
        "A group that became empty, and is still queued, is weighed anew.",
        _NO_STATE,
        switched=True,
    ),
    Missed(
        "vlag_overflow",
        "1560d1f6eb6b",
        "The lag of an entity whose weight changes is not bounded before it is scaled.",
        "a lag beyond its bound, which takes many entities that come and go around one; none of "
        "the loads here came to an overflow",
        switched=True,
    ),
    Missed(
        "avg_vruntime_ceil",
        "650cad561cce",
        "The average of vruntimes is rounded to the wrong side.",
        "a nanosecond of vruntime; in 6.12 who may run is decided without that division",
        switched=True,
    ),
    Missed(
        "zero_vruntime",
        "b3d99f43c72b",
        "What vruntimes are counted from is left behind while one task runs.",
        "days of guest time, until keys overflow",
        switched=True,
    ),
    Missed(
        "slice_update",
        "2f2fc17bab00",
        "A task is placed with a slice from before the setting was changed.",
        "one slice at the most; a check of slices against the setting",
        switched=True,
    ),
    Missed(
        "sync_wakeup",
        "aa3ee4f0b754",
        "A synchronous wake-up takes delayed tasks for running ones, and goes elsewhere.",
        "both places are allowed; a figure of where wake-ups go",
        switched=True,
    ),
    Missed(
        "extra_balance",
        "6d7e4782bcf5",
        "Two CPUs of a group balance at once.",
        "wasted work alone; a count of balancing by CPU",
        switched=True,
    ),
    Missed(
        "isolated_sibling",
        "8aeaffef8c6e",
        "A wake-up goes to a thread of the core that is isolated.",
        "a machine with kernel arguments of its own; not tried yet",
        switched=True,
    ),
    Missed(
        "uclamp_new_group",
        "7226017ad37a",
        "A new group does not take over the clamps of those above it.",
        "a check of a group's clamps against its parent's",
        switched=True,
    ),
    Missed(
        "scx_stop_class",
        "1dd6c84f1c54",
        "Attaching a scheduler makes the stopper's threads real-time tasks.",
        "not tried yet",
        switched=True,
    ),
    Missed(
        "over_schedule",
        "d4ac164bde7a",
        "A task that is alone in its group is rescheduled at each end of its slice.",
        "its passes fall together with those of the level above: 505 of a second for 492",
        switched=True,
    ),
    Missed(
        "idle_search",
        "rule",
        "A wake-up does not look for an idle CPU beyond where it was and where it is woken.",
        "LLCs of two CPUs, where there are no others; a machine with larger ones",
        switched=True,
    ),
    Missed(
        "pelt_sums",
        "98b0d890220d",
        "Sums of load and use are not kept above their averages where tasks leave.",
        "an error of rounding, which many tasks must add to within a millisecond",
        switched=True,
    ),
    Missed(
        "scx_idle_mask",
        "a2a3374c47c4",
        "A CPU that was kicked as idle, and found nothing, is never seen as idle again.",
        "a scheduler that kicks CPUs for nothing; the one here seldom does, and took no harm",
        switched=True,
    ),
    Missed(
        "scx_dsq_count",
        "rule",
        "A task that leaves a dispatch queue is still counted there.",
        "seen at once (invariant `scx-local-nr`, then an RCU stall), but its CPU goes round for "
        "ever, and the guest ends by the host's deadline alone",
        switched=True,
    ),
    Missed(
        "scx_keep_last",
        "rule",
        "Who runs does not go on where there is nobody else.",
        "nothing came of it with sleepers, nor with lone spinners",
        switched=True,
    ),
    Missed(
        "offline_throttled",
        "120455c514f7",
        "Throttled groups of a CPU that goes stay throttled.",
        "in 6.12 such a CPU has its tasks pushed off by other ways, too: nobody waited",
        switched=True,
    ),
    Missed(
        "min_deadline",
        "8dafa9d0eb1a",
        "An entity whose weight changes keeps its place in the tree.",
        "only the root's queue is walked, where few groups are: `cfs-leftmost` saw it in one of "
        "two tries",
        switched=True,
    ),
    Missed(
        "freeze",
        "cd9626e9ebc7",
        "A task whose dequeue is delayed is not taken for frozen.",
        "the freezer of suspend and of cgroup v1, neither of which guests have",
    ),
    Missed(
        "util_avg",
        "17e3e88ed0b6",
        "Idle time that PELT lost is not made up for.",
        _FREQUENCY,
    ),
    Missed("util_avg_jump", "none yet", "Use jumps where a CPU comes out of idle.", _FREQUENCY),
    Missed(
        "long_balance",
        "2feab2492deb",
        "Balancing goes along all tasks of a CPU with interrupts off.",
        "some 20,000 tasks on one CPU",
    ),
    Missed(
        "lag_vruntime",
        "5068d84054b7",
        "The least vruntime is not brought up when a weight changes.",
        "6.12.107 keeps no least vruntime of a queue any more",
    ),
    Missed(
        "rt_runtime_toggle",
        "9b58e976b3b3",
        "Real-time tasks stay throttled when their limit is lifted.",
        "without RT_GROUP_SCHED 6.12 has the deadline server instead",
    ),
    Missed(
        "throttled_limbo_list",
        "956dfda6a708",
        "A queue is unthrottled with nothing to spend.",
        _LATER,
    ),
    Missed(
        "even_idle_cpu",
        "none yet",
        "Where idle CPUs are even, groups with tasks too many are left alone.",
        "in 6.12 as it is, and in every later kernel: there is no side without",
    ),
    Missed(
        "local_group_imbalance",
        "none yet",
        "A group is not balanced within itself.",
        "in 6.12 as it is, and in every later kernel: there is no side without",
    ),
    Missed(
        "nr_running of servers",
        "52d15521eb75",
        "A deadline server counts as a task that runs.",
        "in 6.12.107 as it is: the invariant of its counts has the server in it",
    ),
)
