# SPDX-License-Identifier: Apache-2.0
"""cgroup v2 directories: create, fill, read, remove (Documentation/admin-guide/cgroup-v2.rst)."""

from __future__ import annotations

import errno
import os
import select
import time
from collections.abc import Iterable

from ktstr.model.cpulist import format_cpulist
from ktstr.model.errors import InfraError
from ktstr.model.facts import CgroupFacts

MOUNT = "/sys/fs/cgroup"
PARENT = "ktstr"
_CONTROLLERS = "+cpu +cpuset"
_LEAVES = (
    "cgroup v2 keeps processes in leaves; give the parent works=None and run its workers in a "
    "child of their own"
)
_EMPTY_MS = 2000
_NS_PER_MS = 1_000_000


class CgroupTree:
    """cgroups below `mount/parent`; names are paths relative to that."""

    def __init__(self, mount: str = MOUNT, parent: str = PARENT) -> None:
        self._mount = mount
        self._root = os.path.join(mount, parent)

    def create(self, name: str) -> None:
        """Makes the cgroup `name`, whose parent exists, with the cpu and cpuset controllers.

        Raises:
            InfraError: the kernel refuses; the file and its answer are named.
        """
        if not os.path.isdir(self._root):
            self._enable(self._mount)
            self._make(self._root)
        path = self._path(name)
        self._enable(os.path.dirname(path))
        self._make(path)

    def remove(self, name: str) -> None:
        """Removes the cgroup; tasks that are still in it go to the mount's root first.

        Raises:
            InfraError: it cannot be removed, e.g. because it has children.
        """
        path = self._path(name)
        deadline = time.monotonic_ns() + _EMPTY_MS * _NS_PER_MS
        moved: set[int] = set()
        while True:
            try:
                os.rmdir(path)
                return
            except FileNotFoundError:
                return
            except OSError as error:
                if error.errno != errno.EBUSY:
                    raise InfraError(f"cannot remove cgroup {name!r}: {error}") from error
            children = self._children(path)
            if children:
                raise InfraError(f"cannot remove cgroup {name!r}: it has the child {children[0]!r}")
            fresh = set(self.pids(name)) - moved
            for pid in fresh:
                self.place(None, pid)
            moved |= fresh
            # a task that exits cannot be moved: the kernel says when the last one has gone
            if not fresh and not self._await_empty(path, deadline):
                raise InfraError(
                    f"cannot remove cgroup {name!r}: it was not empty within {_EMPTY_MS} ms; "
                    f"in it: {', '.join(map(str, self.pids(name))) or 'tasks that are exiting'}"
                )

    def await_empty(self, name: str, seconds: float) -> bool:
        """Waits until no process is in the cgroup or below it; returns whether that is so.

        Raises:
            InfraError: the kernel does not say.
        """
        return self._await_empty(
            self._path(name), time.monotonic_ns() + int(seconds * 1000) * _NS_PER_MS
        )

    def exists(self, name: str) -> bool:
        """Whether there is a cgroup `name`."""
        return os.path.isdir(self._path(name))

    def names(self) -> list[str]:
        """The names of all cgroups in the tree, sorted."""
        found = (folder for folder, _, _ in os.walk(self._root))
        return sorted(
            os.path.relpath(folder, self._root) for folder in found if folder != self._root
        )

    def set_cpuset(self, name: str, cpus: Iterable[int]) -> None:
        """Allows these CPUs only.

        Raises:
            InfraError: the kernel refuses them.
        """
        _write(os.path.join(self._path(name), "cpuset.cpus"), format_cpulist(cpus))

    def set_weight(self, name: str, weight: int) -> None:
        """Sets cpu.weight.

        Raises:
            InfraError: the kernel refuses it.
        """
        _write(os.path.join(self._path(name), "cpu.weight"), str(weight))

    def place(self, name: str | None, pid: int) -> None:
        """Moves a process into the cgroup; None is the mount's root.  A process that is gone is ok.

        Raises:
            InfraError: the kernel refuses.
        """
        where = self._mount if name is None else self._path(name)
        try:
            _write(os.path.join(where, "cgroup.procs"), str(pid))
        except InfraError as error:
            if isinstance(error.__cause__, ProcessLookupError):
                return
            if _errno_of(error) == errno.EOPNOTSUPP:
                raise InfraError(f"the parent of {where} holds processes itself: {_LEAVES}") from (
                    error
                )
            raise

    def pids(self, name: str) -> list[int]:
        """The processes in the cgroup itself, sorted."""
        return sorted(int(pid) for pid in self._read(name, "cgroup.procs").split())

    def all_pids(self, name: str) -> list[int]:
        """The processes in the cgroup and below it, sorted; the empty name is the whole tree."""
        names = (os.path.relpath(folder, self._root) for folder, _, _ in os.walk(self._path(name)))
        return sorted(pid for each in names for pid in self.pids(each))

    def kill(self, name: str) -> None:
        """Kills every process in the cgroup and below it; harmless if it does not exist."""
        if self.exists(name):
            _write(os.path.join(self._path(name), "cgroup.kill"), "1")

    def facts(self, name: str, step: int | None, cpuset: frozenset[int] | None) -> CgroupFacts:
        """What the kernel says of the cgroup now."""
        weight = self._read(name, "cpu.weight")
        return CgroupFacts(
            name=name,
            step=step,
            cpuset=format_cpulist(cpuset or ()),
            effective_cpuset=self._read(name, "cpuset.cpus.effective"),
            weight=int(weight) if weight else 0,
            cpu_stat=_table(self._read(name, "cpu.stat")),
            pressure=self._read(name, "cpu.pressure"),
        )

    def _await_empty(self, path: str, deadline_ns: int) -> bool:
        try:
            descriptor = os.open(os.path.join(path, "cgroup.events"), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return True
        try:
            changed = select.poll()
            changed.register(descriptor, select.POLLPRI)
            # reading arms the next event, so that no change is lost between the two
            while b"populated 0" not in os.pread(descriptor, 4096, 0):
                left = deadline_ns - time.monotonic_ns()
                if left <= 0:
                    return False
                changed.poll(-(-left // _NS_PER_MS))
            return True
        except OSError as error:
            if error.errno == errno.ENODEV:
                return True  # it was removed meanwhile
            raise InfraError(f"cannot read {path}/cgroup.events: {error.strerror}") from error
        finally:
            os.close(descriptor)

    def _children(self, path: str) -> list[str]:
        try:
            return sorted(each.name for each in os.scandir(path) if each.is_dir())
        except FileNotFoundError:
            return []

    def _path(self, name: str) -> str:
        return os.path.join(self._root, name)

    def _read(self, name: str, file: str) -> str:
        try:
            with open(os.path.join(self._path(name), file), encoding="ascii") as source:
                return source.read().strip()
        except OSError:
            return ""

    def _make(self, path: str) -> None:
        try:
            os.mkdir(path)
        except FileExistsError:
            return
        except OSError as error:
            raise InfraError(f"cannot create cgroup {path}: {error}") from error

    def _enable(self, path: str) -> None:
        try:
            _write(os.path.join(path, "cgroup.subtree_control"), _CONTROLLERS)
        except InfraError as error:
            if _errno_of(error) == errno.EBUSY:
                raise InfraError(f"{path} holds processes itself: {_LEAVES}") from error
            raise


def _write(path: str, text: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)
    except OSError as error:
        raise InfraError(f"cannot write {text!r} to {path}: {error.strerror}") from error


def _errno_of(error: InfraError) -> int | None:
    cause = error.__cause__
    return cause.errno if isinstance(cause, OSError) else None


def _table(text: str) -> dict[str, int]:
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2}
