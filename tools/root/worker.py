# SPDX-License-Identifier: Apache-2.0
"""Whether a machine can do an action at all: said before the work, not when it is half done."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_ARCHITECTURE = "x86_64"
_MIB = 1 << 20
# cgroups(7): hierarchy's number, controllers (none for cgroup v2), path.
_MEMBERSHIP = re.compile(r"^\d+:([^:]*):/(.*)$", re.MULTILINE)
# proc_meminfo(5); its kB are KiB.
_AVAILABLE = re.compile(r"^MemAvailable:\s*(\d+) kB$", re.MULTILINE)


@dataclass(frozen=True)
class Machine:
    """What an action finds where it runs.

    Attributes:
      name: the host's name.
      architecture: as `uname -m` says it.
      available_mib: memory that programs can have without swapping; None where it is not known.
      limit_mib: the smallest memory limit of the control groups; None where there is none.
    """

    name: str
    architecture: str
    available_mib: int | None = None
    limit_mib: int | None = None


def refusal(machine: Machine, needs_mib: int) -> str | None:
    """Why a machine cannot do an action that takes so much memory, or None."""
    if machine.architecture != _ARCHITECTURE:
        return f"is {machine.architecture}, and the Debian root's programs are {_ARCHITECTURE}"
    if machine.limit_mib is not None and machine.limit_mib < needs_mib:
        return (
            f"lets it have {machine.limit_mib} MiB of memory (the limit of its control group), "
            f"and the action takes {needs_mib}"
        )
    if machine.available_mib is not None and machine.available_mib < needs_mib:
        return (
            f"has {machine.available_mib} MiB of memory available (MemAvailable of /proc/meminfo), "
            f"and the action takes {needs_mib}"
        )
    return None


def this_machine(
    proc: pathlib.Path = pathlib.Path("/proc"),
    cgroups: pathlib.Path = pathlib.Path("/sys/fs/cgroup"),
) -> Machine:
    """The machine that this runs on; what cannot be read is not known."""
    system = os.uname()
    found = _AVAILABLE.search(_text(proc / "meminfo"))
    limits = list(_limits(_text(proc / "self" / "cgroup"), cgroups))
    return Machine(
        name=system.nodename,
        architecture=system.machine,
        available_mib=int(found[1]) * 1024 // _MIB if found else None,
        limit_mib=min(limits) // _MIB if limits else None,
    )


def _limits(membership: str, cgroups: pathlib.Path) -> Iterator[int]:
    """The memory limits, in bytes, of a process's control groups and of those above them."""
    for controllers, path in _MEMBERSHIP.findall(membership):
        if not controllers:
            # where both versions are mounted, the second is below the first, without memory
            yield from _numbers(_upwards(cgroups, path), "memory.max")
        elif "memory" in controllers.split(","):
            yield from _numbers(_upwards(cgroups / "memory", path), "memory.limit_in_bytes")


def _upwards(top: pathlib.Path, path: str) -> Iterator[pathlib.Path]:
    """A control group's directory and those above it; a container sees the last of them alone."""
    parts = [part for part in path.split("/") if part]
    for count in range(len(parts), -1, -1):
        yield top.joinpath(*parts[:count])


def _numbers(directories: Iterable[pathlib.Path], name: str) -> Iterator[int]:
    """The numbers in files of that name; the word `max` is none."""
    for directory in directories:
        with contextlib.suppress(ValueError):
            yield int(_text(directory / name))


def _text(path: pathlib.Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
