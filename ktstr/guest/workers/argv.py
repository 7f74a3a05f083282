# SPDX-License-Identifier: Apache-2.0
"""The command line of a worker, KEY=VALUE words; ktstr/worker/options/options.c reads them."""

from __future__ import annotations

import os
from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING

from ktstr.model.errors import InfraError
from ktstr.model.machine.cpulist import format_cpulist
from ktstr.model.work.kind import DiskWork
from ktstr.model.work.types import CustomWork

if TYPE_CHECKING:
    from ktstr.model.facts import DiskFacts
    from ktstr.model.work.work import Work

# where the layer of a ktstr_worker target puts its program
CUSTOM_DIR = "/workers"


@dataclass(frozen=True)
class Descriptors:
    """What a worker inherits: where it is told to begin, reports, shares; -1 where it has none."""

    start: int
    report: int
    shared: int
    incoming: int = -1
    outgoing: int = -1
    event: int = -1

    def given(self) -> list[int]:
        """Those that there are."""
        return [each for each in astuple(self) if each >= 0]


def program_of(work: Work, program: str) -> str:
    """The program whose process a worker is; `program` is ktstr-worker."""
    return f"{CUSTOM_DIR}/{work.type.name}" if isinstance(work.type, CustomWork) else program


def group_words(work: Work, count: int, seed: int) -> list[str]:
    """What all `count` workers of a group have in common; `seed` is that of their choices."""
    words = [
        f"type={type(work.type).__name__}",
        f"slots={count}",
        f"group={work.type.group_size}",
        f"seed={seed}",
        f"parent={os.getpid()}",
    ]
    if str(work.mem_policy) != "default":
        words.append(f"memory={work.mem_policy}")
    if work.deadline is not None:
        deadline = work.deadline
        words += [f"{each.name}={int(getattr(deadline, each.name))}" for each in fields(deadline)]
    words += [
        f"{key}={value}" for key in ("uid", "gid") if (value := getattr(work, key)) is not None
    ]
    return words + [f"param.{name}={value}" for name, value in work.type.as_params().items()]


def worker_words(
    work: Work, label: str, index: int, affinity: frozenset[int] | None, files: Descriptors
) -> list[str]:
    """What worker `index`, called `label`, has of its own."""
    role = work.role(index)
    words = [
        f"label={label}",
        f"name={work.comm or label}",
        f"slot={index}",
        f"policy={role.policy.value}",
        f"rt_priority={role.rt_priority}",
        f"nice={role.nice}",
        f"start_fd={files.start}",
        f"report_fd={files.report}",
        f"shared_fd={files.shared}",
    ]
    if affinity is not None:
        words.append(f"affinity={format_cpulist(affinity)}")
    # after what they replace
    words += [f"{key}={value}" for key, value in work.type.own_words(index).items()]
    others = {"in_fd": files.incoming, "out_fd": files.outgoing, "event_fd": files.event}
    return words + [f"{key}={value}" for key, value in others.items() if value >= 0]


def disk_words(work: Work, label: str, disks: tuple[DiskFacts, ...]) -> list[str]:
    """The device that a worker reads, and the file that it writes.

    Raises:
        InfraError: the guest has no such disk.
    """
    if not isinstance(work.type, DiskWork):
        return []
    words = [f"device={_disk(work.type, disks).device}"]
    path = file_of(work, label, disks)
    return [*words, f"file={path}"] if path else words


def file_of(work: Work, label: str, disks: tuple[DiskFacts, ...]) -> str:
    """The file that a worker writes on a disk; empty if it writes none."""
    if not isinstance(work.type, DiskWork) or not work.type.writes:
        return ""
    return f"{_disk(work.type, disks).mount_point}/.ktstr-{label}"


def _disk(work: DiskWork, disks: tuple[DiskFacts, ...]) -> DiskFacts:
    for disk in disks:
        if disk.name == work.disk:
            return disk
    raise InfraError(f"{type(work).__name__}: this guest has no disk {work.disk!r}")
