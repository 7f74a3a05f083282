# SPDX-License-Identifier: Apache-2.0
"""The command line of a worker, KEY=VALUE words; ktstr/worker/options/options.c reads them."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING, Any

from ktstr.model.errors import InfraError
from ktstr.model.machine.cpulist import format_cpulist
from ktstr.model.work_roles import role_of
from ktstr.model.work_traits import group_size
from ktstr.model.work_types import (
    AluHot,
    CustomWork,
    DiskWork,
    Flavour,
    IoRandRead,
    PythonWork,
    Sequence,
)

if TYPE_CHECKING:
    from ktstr.model.facts import DiskFacts
    from ktstr.model.work import Work

# where the layer of a ktstr_worker target puts its program
CUSTOM_DIR = "/workers"
_NOT_NUMBERS = ("disk",)


@dataclasses.dataclass(frozen=True)
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
        return [each for each in dataclasses.astuple(self) if each >= 0]


def program_of(work: Work, program: str) -> str:
    """The program whose process a worker is; `program` is ktstr-worker."""
    return f"{CUSTOM_DIR}/{work.type.name}" if isinstance(work.type, CustomWork) else program


def group_words(work: Work, count: int, seed: int) -> list[str]:
    """What all `count` workers of a group have in common; `seed` is that of their choices."""
    words = [
        f"type={type(work.type).__name__}",
        f"slots={count}",
        f"group={group_size(work.type)}",
        f"seed={seed}",
        f"parent={os.getpid()}",
    ]
    if str(work.mem_policy) != "default":
        words.append(f"memory={work.mem_policy}")
    if work.deadline is not None:
        words += _numbers(work.deadline)
    words += [
        f"{key}={value}" for key in ("uid", "gid") if (value := getattr(work, key)) is not None
    ]
    return words + [f"param.{each}" for each in _parameters(work.type)]


def worker_words(
    work: Work, label: str, index: int, affinity: frozenset[int] | None, files: Descriptors
) -> list[str]:
    """What worker `index`, called `label`, has of its own."""
    role = role_of(work, index)
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
    if not isinstance(work.type, DiskWork) or isinstance(work.type, IoRandRead):
        return ""
    return f"{_disk(work.type, disks).mount_point}/.ktstr-{label}"


def _disk(work: DiskWork, disks: tuple[DiskFacts, ...]) -> DiskFacts:
    for disk in disks:
        if disk.name == work.disk:
            return disk
    raise InfraError(f"{type(work).__name__}: this guest has no disk {work.disk!r}")


def _parameters(kind: Any) -> list[str]:
    if isinstance(kind, CustomWork):
        return [f"{name}={value}" for name, value in kind.params.items()]
    if isinstance(kind, PythonWork):
        return [f"function={kind.function}"]
    if isinstance(kind, Sequence):
        phases = ",".join(f"{type(each).__name__}:{each.us}" for each in kind.phases)
        return [f"phases={phases}"]
    if isinstance(kind, AluHot):
        return [f"flavour={list(Flavour).index(kind.flavour)}"]
    return _numbers(kind)


def _numbers(record: Any) -> list[str]:
    names = [field.name for field in dataclasses.fields(record) if field.name not in _NOT_NUMBERS]
    return [f"{name}={int(getattr(record, name))}" for name in names]
