# SPDX-License-Identifier: Apache-2.0
"""The kernel's view of sched_ext: /sys/kernel/sched_ext, its uevents, and its words in the log."""

from __future__ import annotations

import _socket
import contextlib
import os
from dataclasses import dataclass

from ktstr.model.enable_state import EnableState
from ktstr.model.errors import InfraError
from ktstr.model.ops_name import ops_matches

_DIRECTORY = "/sys/kernel/sched_ext"
_KMSG = "/dev/kmsg"
_SYSRQ = "/proc/sysrq-trigger"
_NETLINK_KOBJECT_UEVENT = 15
_KERNEL_GROUP = 1
_RECORD = 1 << 13
_PAGE = 1 << 12  # a file of sysfs has one at most


@dataclass(frozen=True)
class SchedExtState:
    """Files of /sys/kernel/sched_ext; empty where absent, e.g. in a kernel without sched_ext.

    state: an `EnableState`, as text.
    """

    state: str
    ops: str
    enable_seq: str
    nr_rejected: str

    def runs(self, ops: str) -> bool:
        """Whether the scheduler `ops`, a name or a pattern of it, is attached."""
        return self.state == EnableState.ENABLED and ops_matches(ops, self.ops)


@dataclass(frozen=True)
class SchedExtCounters:
    """Read at the ends of a life only.  events: root/events, lines `NAME N`, since Linux 6.15.

    hotplug_seq, switch_all: as the files say.
    """

    hotplug_seq: str
    events: dict[str, int]
    switch_all: str = ""


def read_state() -> SchedExtState:
    """What the files say now."""
    return SchedExtState(
        _read("state"),
        _read("root/ops"),
        _read("enable_seq"),
        _read("nr_rejected"),
    )


def read_counters() -> SchedExtCounters:
    """What has been counted so far, and whether the scheduler has taken every fair task."""
    pairs = (line.split() for line in _read("root/events").splitlines())
    events = {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}
    return SchedExtCounters(_read("hotplug_seq"), events, _read("switch_all"))


def force_off() -> str:
    """Makes the kernel itself disable any scheduler (SysRq-S); returns why it could not, or ""."""
    try:
        with open(_SYSRQ, "w", encoding="ascii") as trigger:
            trigger.write("S")
    except OSError as error:
        return f"SysRq-S is not available: {error.strerror}"
    return ""


class Uevents:
    """A socket that becomes readable when a kernel object comes, goes or changes.

    The kernel announces sched_ext's root object after a scheduler is enabled and before it is
    disabled, so a wait for either needs no polling.
    """

    def __init__(self) -> None:
        kind = _socket.SOCK_DGRAM | _socket.SOCK_CLOEXEC | _socket.SOCK_NONBLOCK
        try:
            self._socket = _socket.socket(_socket.AF_NETLINK, kind, _NETLINK_KOBJECT_UEVENT)
            self._socket.bind((0, _KERNEL_GROUP))
        except OSError as error:
            raise InfraError(
                f"cannot listen to the kernel's uevents: {error}; the kernel needs CONFIG_NET"
            ) from error

    @property
    def descriptor(self) -> int:
        """To be watched."""
        return self._socket.fileno()

    def drain(self) -> None:
        """Reads all that is there; what it says is read off the files."""
        # an overrun (ENOBUFS) is no loss either
        with contextlib.suppress(OSError):
            while self._socket.recv(_RECORD):
                pass

    def read(self) -> tuple[list[str], bool]:
        """The heads `ACTION@DEVPATH` of all that is there, and whether some were lost."""
        heads: list[str] = []
        while True:
            try:
                record = self._socket.recv(_RECORD)
            except BlockingIOError:
                return heads, False
            except OSError:
                return heads, True  # an overrun (ENOBUFS)
            heads.append(record.partition(b"\0")[0].decode(errors="replace"))

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()


class KernelLog:
    """The kernel's log from the moment of construction on."""

    def __init__(self) -> None:
        self._descriptor = os.open(_KMSG, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        os.lseek(self._descriptor, 0, os.SEEK_END)

    def lines(self) -> list[str]:
        """Messages since the last call, without their prefixes."""
        lines: list[str] = []
        while True:
            try:
                record = os.read(self._descriptor, _RECORD)
            except BlockingIOError:
                return lines
            except BrokenPipeError:
                continue  # overwritten before it was read: the next read goes on behind the gap
            text = record.decode(errors="replace").partition(";")[2]
            lines.append(text.partition("\n")[0])

    def close(self) -> None:
        """Closes the device."""
        os.close(self._descriptor)


def _read(name: str) -> str:
    # an io.open() costs a guest as much as all else of such a read, five times over
    try:
        descriptor = os.open(f"{_DIRECTORY}/{name}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        return os.read(descriptor, _PAGE).decode("ascii").strip()
    except OSError:
        return ""
    finally:
        os.close(descriptor)
