# SPDX-License-Identifier: Apache-2.0
"""cgroup v2 directories: create, fill, read, remove (Documentation/admin-guide/cgroup-v2.rst)."""

from __future__ import annotations

import errno
import os
import select
import time
from collections.abc import Callable, Iterable

from ktstr.model.errors import InfraError
from ktstr.model.facts import CgroupFacts
from ktstr.model.machine.cpulist import format_cpulist

MOUNT = "/sys/fs/cgroup"
PARENT = "ktstr"
_CONTROLLERS = "+cpu +cpuset"
_LEAVES = (
    "cgroup v2 keeps processes in leaves; give the parent works=None and run its workers in a "
    "child of their own"
)
_EMPTY_MS = 2000
_FREEZE_MS = 2000
# where a file's setting is not what it says itself
_IN_FORCE = {"cpuset.mems": "cpuset.mems.effective"}
# controller: files of counters
_STATS = {
    "memory": ("memory.current", "memory.peak", "memory.events"),
    "pids": ("pids.peak", "pids.events"),
    "io": ("io.stat",),
}
_NS_PER_MS = 1_000_000


def workload_tree(root: str) -> CgroupTree:
    """The tree of a plan's cgroups; `root` is its `workload_root`."""
    return CgroupTree(parent=root or PARENT)


class CgroupTree:
    """cgroups below `mount/parent`; names are paths relative to that.

    `on_create` is called with each new cgroup's name and the inode number of its directory.
    """

    on_create: Callable[[str, int], None] | None = None

    def __init__(self, mount: str = MOUNT, parent: str = PARENT) -> None:
        self._mount, self._parent = mount, parent.strip("/")
        self._root = os.path.join(mount, self._parent)

    def prepare(self) -> None:
        """Makes the root of the tree, and what is above it, with the cpu and cpuset controllers.

        Raises:
            InfraError: the kernel refuses; the file and its answer are named.
        """
        *above, root = self._trunk()
        for folder, below in zip(above, (*above[1:], root), strict=True):
            self._enable(folder, _CONTROLLERS)
            self._make(below)

    def enter(self, pid: int) -> None:
        """Moves a process into the root of the tree, which exists.

        Raises:
            InfraError: the kernel refuses.
        """
        _write(os.path.join(self._root, "cgroup.procs"), str(pid))

    def create(self, name: str) -> None:
        """Makes the cgroup `name`, whose parent exists, with the cpu and cpuset controllers.

        Raises:
            InfraError: the kernel refuses; the file and its answer are named.
        """
        if not os.path.isdir(self._root):
            self.prepare()
        path = self._path(name)
        self._enable(os.path.dirname(path), _CONTROLLERS)
        self._make(path)
        if self.on_create is not None:
            self.on_create(name, os.stat(path).st_ino)

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
            late = (
                time.monotonic_ns() >= deadline if fresh else not self._await_empty(path, deadline)
            )
            if late:
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

    def set_limits(self, name: str, files: dict[str, str]) -> None:
        """Writes to the cgroup's files, and switches on the controllers that they belong to.

        Raises:
            InfraError: the kernel refuses; the file and the text are named.
        """
        path = self._path(name)
        for file, text in files.items():
            controller = file.partition(".")[0]
            if not os.path.exists(os.path.join(path, file)):
                for folder in self._ancestors(name):
                    self._enable(folder, f"+{controller}")
            _write(os.path.join(path, file), text)

    def weigh_io(self, device: str) -> None:
        """Has the kernel share a block device by io.weight (io.cost.qos: off unless enabled).

        Raises:
            InfraError: the kernel refuses.
        """
        number = os.stat(device).st_rdev
        text = f"{os.major(number)}:{os.minor(number)} enable=1"
        _write(os.path.join(self._mount, "io.cost.qos"), text)

    def freeze(self, name: str, frozen: bool) -> None:
        """Stops all processes of the cgroup and below it where they are, or lets them go on.

        Raises:
            InfraError: the kernel refuses, or a process did not get to where it can be stopped.
        """
        path = self._path(name)
        _write(os.path.join(path, "cgroup.freeze"), str(int(frozen)))
        if not frozen and self._held(name):
            return  # it goes on when the frozen one above it does
        deadline = time.monotonic_ns() + _FREEZE_MS * _NS_PER_MS
        if not self._await_event(path, f"frozen {int(frozen)}".encode(), deadline):
            raise InfraError(
                f"cgroup {name!r} was not {'frozen' if frozen else 'thawed'} within {_FREEZE_MS} "
                f"ms; in it: {', '.join(map(str, self.all_pids(name))) or 'no process'}"
            )

    def _held(self, name: str) -> bool:
        """Whether a cgroup above is frozen."""
        parts = name.split("/")[:-1]
        above = ("/".join(parts[: i + 1]) for i in range(len(parts)))
        return any(self._read(each, "cgroup.freeze") == "1" for each in above)

    def cpu_usage_us(self, name: str) -> int:
        """CPU time that the cgroup and those below it have used."""
        return _table(self._read(name, "cpu.stat")).get("usage_usec", 0)

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

    def facts(
        self,
        name: str,
        step: int | None,
        cpuset: frozenset[int] | None,
        limits: dict[str, str],
        frozen_ns: int,
    ) -> CgroupFacts:
        """What the kernel says of the cgroup now; `limits` are the texts that files were given."""
        weight = self._read(name, "cpu.weight")
        return CgroupFacts(
            name=name,
            step=step,
            cpuset=format_cpulist(cpuset or ()),
            effective_cpuset=self._read(name, "cpuset.cpus.effective"),
            weight=int(weight) if weight else 0,
            cpu_stat=_table(self._read(name, "cpu.stat")),
            pressure=self._read(name, "cpu.pressure"),
            limits=limits,
            limits_in_force={file: self._read(name, _IN_FORCE.get(file, file)) for file in limits},
            stats=self._stats(name),
            frozen_ns=frozen_ns,
        )

    def _stats(self, name: str) -> dict[str, int]:
        """The counters of the controllers that are on here; see CgroupFacts.stats."""
        found: dict[str, int] = {}
        controllers = self._read(name, "cgroup.controllers").split()
        for file in (file for each in controllers for file in _STATS.get(each, ())):
            text = self._read(name, file)
            if text.isdecimal():
                found[file] = int(text)
            else:
                table = _io_table(text) if file == "io.stat" else _table(text)
                found |= {f"{file}.{key}": value for key, value in table.items()}
        return found

    def _await_empty(self, path: str, deadline_ns: int) -> bool:
        return self._await_event(path, b"populated 0", deadline_ns)

    def _await_event(self, path: str, line: bytes, deadline_ns: int) -> bool:
        """Waits until cgroup.events has `line`, or the cgroup is gone."""
        try:
            descriptor = os.open(os.path.join(path, "cgroup.events"), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return True
        try:
            changed = select.poll()
            changed.register(descriptor, select.POLLPRI)
            # reading arms the next event, so that no change is lost between the two
            while line not in os.pread(descriptor, 4096, 0):
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

    def _ancestors(self, name: str) -> list[str]:
        """The directories above the cgroup, from the mount down."""
        parts = name.split("/")[:-1]
        inner = [os.path.join(self._root, *parts[: i + 1]) for i in range(len(parts))]
        return [*self._trunk(), *inner]

    def _trunk(self) -> list[str]:
        """The directories from the mount down to the root of the tree."""
        parts = self._parent.split("/")
        return [
            self._mount,
            *(os.path.join(self._mount, *parts[: i + 1]) for i in range(len(parts))),
        ]

    def _enable(self, path: str, controllers: str) -> None:
        try:
            _write(os.path.join(path, "cgroup.subtree_control"), controllers)
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


def _io_table(text: str) -> dict[str, int]:
    """The counters of io.stat (lines of `major:minor key=value ...`), summed over devices."""
    found: dict[str, int] = {}
    for word in (word for line in text.splitlines() for word in line.split()[1:]):
        key, _, value = word.partition("=")
        if value.isdecimal():
            found[key] = found.get(key, 0) + int(value)
    return found
