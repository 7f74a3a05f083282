# SPDX-License-Identifier: Apache-2.0
"""Small targets and cases for the runner's tests."""

import dataclasses
from typing import Any

from ktstr.model.checks import Checks
from ktstr.model.payload import Payload
from ktstr.model.scenario import CgroupDef, defs
from ktstr.model.target import KernelFiles, PayloadFiles, SchedulerFiles, Target
from ktstr.runner.case import Case

SCHEDULER = SchedulerFiles(
    checks={},
    label="//sched/fifo:fifo",
    name="fifo",
    layer="_main/sched/fifo/fifo.cpio",
    argv=("/scheduler/fifo/run",),
    ops="fifo",
    control=True,
    kargs=(),
    sysctls={},
)

PAYLOAD = PayloadFiles(
    label="//pkg:tool",
    layer="_main/pkg/tool.cpio",
    payload=Payload("tool", "/payloads/tool/bin/tool"),
)

_TARGET = Target(
    label="//pkg:target",
    bazel="tools/bazel",
    sources=("_main/pkg/one.py",),
    libraries=(),
    import_roots=("_main",),
    kernel=KernelFiles(
        "//k", "_main/vmlinux", "_main/bzImage", "_main/config", "_main/map", "_main/i"
    ),
    initramfs=("_main/base.cpio",),
    scheduler=None,
    payloads=(),
    disks=(),
    scheduler_args=(),
    topology="1n1l2c1t",
    memory_mb=0,
    accel="virtual",
    qemu="_main/qemu",
    kargs=(),
    seed=1,
    timeout_s=300,
)

_CASE = Case(
    name="one",
    source="pkg/one.py",
    line=3,
    in_guest=False,
    duration_s=1.0,
    workers_per_cgroup=2,
    checks=Checks(),
    expect_fail=None,
    timeout_s=60.0,
    scheduler_args=(),
    scenario=defs(CgroupDef("a")),
)


def target(**changes: Any) -> Target:
    """A target without a scheduler on two CPUs, with `changes`."""
    return dataclasses.replace(_TARGET, **changes)


def case(**changes: Any) -> Case:
    """A test `one` at pkg/one.py:3 that plays one cgroup, with `changes`."""
    return dataclasses.replace(_CASE, **changes)
