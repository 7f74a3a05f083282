# SPDX-License-Identifier: Apache-2.0
"""The names of the moments that the guest reports, for those who send and those who await them."""

from __future__ import annotations

from enum import StrEnum


class EventName(StrEnum):
    """An `Event`'s name.

    test_start: a test function begins.  scenario_start, scenario_end, step_start, step_end, op: of
    a scenario.  procs: an op counted a cgroup's processes.  thaw: workers end that were frozen.
    wait_met, wait_timeout: of a condition.  disk_mount, disk_busy: a disk is about to be mounted,
    or cannot be unmounted.  cpu_offline, cpu_online: a CPU, the detail, has gone or come, whoever
    did it.  cpus_unwatched: nobody told the agent of such moments, for the reason in the detail.
    recorder_begin, recorder_end: the test waits for its recorder, for the labour in the detail.
    """

    TEST_START = "test_start"
    SCENARIO_START = "scenario_start"
    SCENARIO_END = "scenario_end"
    STEP_START = "step_start"
    STEP_END = "step_end"
    OP = "op"
    PROCS = "procs"
    THAW = "thaw"
    WAIT_MET = "wait_met"
    WAIT_TIMEOUT = "wait_timeout"
    DISK_MOUNT = "disk_mount"
    DISK_BUSY = "disk_busy"
    CPU_OFFLINE = "cpu_offline"
    CPU_ONLINE = "cpu_online"
    CPUS_UNWATCHED = "cpus_unwatched"
    RECORDER_BEGIN = "recorder_begin"
    RECORDER_END = "recorder_end"
