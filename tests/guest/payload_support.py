# SPDX-License-Identifier: Apache-2.0
"""Payloads run on this host: shell and Python programs, a sink that keeps, no cgroup."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ktstr.guest.function.payload_runs import Bench
from ktstr.guest.payload.run import Payloads
from ktstr.guest.system.cgroups import CgroupTree
from ktstr.guest.system.processes import running
from ktstr.guest.system.reactor import Reactor
from ktstr.model.facts import PayloadFacts
from ktstr.model.payload import Payload

SHELL = Payload(name="sh", program="/bin/sh", default_args=("-c",))
PYTHON = Payload(name="python", program=sys.executable, default_args=("-c",))
SLEEP = Payload(name="sleep", program="/bin/sleep", default_args=("3600",))
ANY = (SHELL, PYTHON, SLEEP)
_LONG_MS = 60_000


class Sink:
    """Keeps what is emitted."""

    def __init__(self) -> None:
        self.facts: list[PayloadFacts] = []

    def emit(self, fact: Any) -> None:
        """Keeps one record."""
        assert isinstance(fact, PayloadFacts)
        self.facts.append(fact)


class Guest:
    """A bench of payloads whose cgroups lie below `mount`, an empty folder of this host."""

    def __init__(self, mount: str, payloads: tuple[Payload, ...] = ANY) -> None:
        self.reactor, self.sink = Reactor(), Sink()
        self.tree = CgroupTree(mount)
        self.payloads = Payloads(payloads, self.tree, self.reactor)
        self.bench = Bench(self.payloads, self.sink)


def has_ended(pid: int) -> bool:
    """Waits for the end of a process; True also when it had ended before."""
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    with os.fdopen(pidfd):
        ended = select.poll()
        ended.register(pidfd, select.POLLIN)
        return bool(ended.poll(_LONG_MS))


@contextmanager
def nothing_left() -> Iterator[None]:
    """Asserts that its body leaves no open descriptor, no child and no process of a new group."""
    descriptors = set(os.listdir("/proc/self/fd"))
    groups = {each.group for each in running()}
    yield
    left = set(os.listdir("/proc/self/fd")) - descriptors
    # the listing itself needs one, whose number may be any free one
    assert len(left) <= 1, {name: os.readlink(f"/proc/self/fd/{name}") for name in left}
    ours = [each for each in running() if each.group not in groups and _is_ours(each.pid)]
    assert not ours, ours
    try:
        children = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return
    raise AssertionError(f"a child is left: {children}")


def _is_ours(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return f"{_VARIABLE}={os.environ[_VARIABLE]}\0".encode() in file.read()
    except OSError:
        return False


# in the environment of whatever these tests start, to tell it from all else on a busy machine
_VARIABLE = "KTSTR_PAYLOAD_TEST"
os.environ[_VARIABLE] = str(os.getpid())
