# SPDX-License-Identifier: Apache-2.0
"""Takes CPUs away and brings them back (Documentation/core-api/cpu_hotplug.rst)."""

from __future__ import annotations

import errno
import os
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from ktstr.guest.system.child import await_child
from ktstr.guest.system.failures import Failures
from ktstr.guest.system.realtime import children_shielded
from ktstr.guest.system.sysfs import CPUS
from ktstr.guest.system.view import online_cpus
from ktstr.model.errors import InfraError, UsageError

if TYPE_CHECKING:
    from ktstr.guest.system.reactor import Reactor

# the kernel's own threads have a part in it: under a scheduler that runs nobody they wait until
# sched_ext's watchdog ends that
HOTPLUG_S = 15.0
_NO_ERRNO = 255
_WORDS = {True: "online", False: "offline"}


class Hotplug:
    """The switches of the CPUs, and who took which of them away.

    An owner is a step's number, None for the Backdrop, or whatever else takes CPUs.
    """

    def __init__(self, reactor: Reactor, directory: str = CPUS) -> None:
        self._reactor, self._directory = reactor, directory
        self._taken: dict[int, object] = {}

    def take(self, cpu: int, owner: object) -> None:
        """Takes a CPU away on behalf of `owner`.

        Raises:
            UsageError: there is no such CPU, or it is offline already.
            InfraError: the kernel refuses, or does not come to an end.
        """
        if cpu not in self._online():
            self._check(cpu)
            raise UsageError(f"CPU {cpu} is offline already")
        self._switch(cpu, on=False)
        self._taken[cpu] = owner

    def bring(self, cpu: int) -> None:
        """Brings a CPU back, whoever took it; raises as `take` does."""
        if cpu in self._online():
            raise UsageError(f"CPU {cpu} is online")
        self._check(cpu)
        self._switch(cpu, on=True)
        self._taken.pop(cpu, None)

    def restore(self, owner: object) -> None:
        """Brings back what `owner` took and nobody brought back; goes on past what fails.

        Raises:
            InfraError: some did not come back, or the kernel does not say which are there.
        """
        own = {cpu for cpu, each in self._taken.items() if each == owner}
        if not own:
            return
        for cpu in own:
            del self._taken[cpu]
        failures = Failures()
        for cpu in sorted(own - self._online()):
            failures.attempt(partial(self._switch, cpu, on=True))
        failures.tell()

    def _online(self) -> frozenset[int]:
        return online_cpus(self._directory)

    def _check(self, cpu: int) -> None:
        if not os.path.isdir(f"{self._directory}/cpu{cpu}"):
            raise UsageError(f"CPU {cpu} does not exist")

    def _switch(self, cpu: int, *, on: bool) -> None:
        """Writes to the CPU's file, which returns when the CPU has come or gone."""
        path = f"{self._directory}/cpu{cpu}/online"
        with children_shielded():
            pid = os.fork()
        if pid == 0:
            _write(path, b"1" if on else b"0")
        status, in_time = await_child(self._reactor, pid, HOTPLUG_S, kill_s=0)
        what = f"CPU {cpu} did not go {_WORDS[on]}"
        if status is None or not in_time:
            raise InfraError(
                f"{what} within {HOTPLUG_S:g} s of guest time (deadline 'cpu hotplug'): the "
                f"kernel's threads that do it may be waiting for a scheduler that runs nobody"
            )
        number = os.waitstatus_to_exitcode(status)
        if number:
            raise InfraError(f"{what}: {_refusal(cpu, path, number)}")


def _write(path: str, text: bytes) -> NoReturn:
    """In the child: ends it with 0, or the number of the error."""
    status = _NO_ERRNO
    try:
        descriptor = os.open(path, os.O_WRONLY)
        os.write(descriptor, text)
        status = 0
    except OSError as error:
        status = error.errno or _NO_ERRNO
    finally:
        os._exit(status)


def _refusal(cpu: int, path: str, number: int) -> str:
    if number == errno.ENOENT:
        return f"the kernel has no switch for it ({path}): it is one that must stay"
    if number < 0:
        return f"the process that wrote to {path} was killed by signal {-number}"
    name = errno.errorcode.get(number, str(number))
    return f"the kernel refused to write to {path}: {name} ({os.strerror(number)})"
