# SPDX-License-Identifier: Apache-2.0
"""Small targets for tests of what becomes of one."""

import dataclasses
from typing import Any

from ktstr.machine.target import KernelFiles, PayloadFiles, SchedulerFiles, Target
from ktstr.model.payload import Payload

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


def target(**changes: Any) -> Target:
    """A target without a scheduler on two CPUs, with `changes`."""
    return dataclasses.replace(_TARGET, **changes)
