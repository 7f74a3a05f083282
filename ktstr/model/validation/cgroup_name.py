# SPDX-License-Identifier: Apache-2.0
"""Which names a cgroup may have."""

from __future__ import annotations

from ktstr.model.errors import UsageError
from ktstr.model.scenario.scenario import check_reserved

_LONGEST_NAME = 255  # NAME_MAX
# Documentation/admin-guide/cgroup-v2.rst: files are named CONTROLLER.KEY
_OF_THE_KERNEL = frozenset(
    ("cgroup", "cpu", "cpuset", "memory", "io", "pids", "hugetlb", "rdma", "misc", "irq")
)


def check_name(name: str) -> None:
    """Refuses what is no cgroup path below the managed parent.

    Raises:
        UsageError: the name is empty, absolute, has an empty, `.`, `..` or NUL component, or one
            that the kernel has for its own files or that no file system takes, or it is `total`.
    """
    if not name:
        raise UsageError("cgroup name is empty")
    check_reserved(name)
    if "\0" in name or "\n" in name:
        raise UsageError(f"cgroup name {name!r} holds a NUL or a line break")
    if any(part in ("", ".", "..") for part in name.split("/")):
        raise UsageError(
            f"cgroup name {name!r}: '/' separates plain names, without '.', '..' or empty ones"
        )
    for part in name.split("/"):
        if len(part.encode(errors="replace")) > _LONGEST_NAME:
            raise UsageError(f"cgroup name {part!r} is longer than {_LONGEST_NAME} bytes")
        if part.partition(".")[0] in _OF_THE_KERNEL and "." in part:
            raise UsageError(
                f"cgroup name {part!r} begins like the kernel's own files in there; choose another"
            )
