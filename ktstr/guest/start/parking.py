# SPDX-License-Identifier: Apache-2.0
"""The guest that is saved and cloned: parked at one instruction, with everything imported.

The instruction is a store to QEMU's pvpanic device (docs/specs/pvpanic.rst of QEMU), at which the
machine stops.  What runs next runs in a clone, in whose mailbox the host has put what was not in
the saved guest: the layers of schedulers, payloads, workers and disks, and the test's own.
"""

from __future__ import annotations

import gc
import importlib
import os
import termios
from pathlib import Path

from ktstr.guest.agent import end_with, run
from ktstr.guest.observers.witness import Witness
from ktstr.guest.scheduler.waiting import LOADER, WaitingLoader
from ktstr.guest.start.adopt import settle
from ktstr.guest.start.hello import PLAN, START, digest, framed, hello_body, hello_text, write_all
from ktstr.guest.start.mailbox import Mailbox
from ktstr.guest.start.unpack import entries_of, unpack
from ktstr.guest.system.bell import Bell
from ktstr.guest.system.port import FramePort
from ktstr.guest.system.reactor import Reactor
from ktstr.guest.system.view import seen_view
from ktstr.model.codec import prepare
from ktstr.model.errors import InfraError
from ktstr.model.plan import Plan

# whether the kernel watches for lockups (Documentation/admin-guide/sysctl/kernel.rst)
_WATCHDOG = Path("/proc/sys/kernel/watchdog")
# What tests need beyond the agent's own imports.  Few need disks, and none the shell.
_MODULES = (
    "encodings.ascii",
    "ktstr.guest.function.background",
    "ktstr.guest.function.body",
    "ktstr.guest.function.claims",
    "ktstr.guest.function.payload_handle",
    "ktstr.guest.function.payload_runs",
    "ktstr.guest.function.run",
    "ktstr.guest.observers.sampler",
    "ktstr.guest.payload.background",
    "ktstr.guest.payload.run",
    "ktstr.guest.scenario.waits",
    "ktstr.guest.workers.python",
    "ktstr.language",
    "ktstr.scenarios",
    "random",
)


def run_clone(port: int) -> int:
    """Says hello, parks, and in a clone takes the mailbox's layers on, says hello again and runs.

    Returns the exit status, 1 if the agent failed: then the stream ends with an End that says how.
    """
    try:
        for name in _MODULES:
            importlib.import_module(name)
        prepare(Plan)
        seen_view()
        reactor = Reactor()
        # what the kernel does to load it takes longer than all else that a clone is spared
        witness = Witness(reactor)
        witness.load()
        loader = _loader(reactor)
        hello = hello_text(hello_body(b""))
        bell = Bell.of_machine()
        mailbox = Mailbox.of_machine()
        rewind(_WATCHDOG)
    except Exception as failure:  # noqa: BLE001 - the host must hear why it cannot save this guest
        return end_with(FramePort(port), failure)
    gc.collect()
    gc.freeze()
    write_all(port, framed(hello))
    termios.tcdrain(port)
    bell.ring()
    # a clone from here on: its stream is new
    try:
        layers, own = mailbox.layers()
        plan = _plan(own)
    except Exception as failure:  # noqa: BLE001 - as above
        return end_with(FramePort(port), failure)
    # the machine is what it was in the saved guest, whose memory this one goes on with
    write_all(port, framed(with_plan(hello, plan)))

    def move_in() -> None:
        unpack(entries_of(layers))
        own.release()
        layers.release()
        mailbox.close()
        settle()

    return run(port, plan, move_in, reactor, witness, loader)


def _loader(reactor: Reactor) -> WaitingLoader | None:
    """The loader, waiting; None in a guest that has none, where a scheduler's start says so."""
    if not os.access(LOADER, os.X_OK):
        return None
    loader = WaitingLoader(reactor)
    loader.await_ready()
    return loader


def with_plan(hello: bytes, plan: bytes) -> bytes:
    """The text of a hello without a plan as that of one with `plan`."""
    # no value can look like it: quotes in them are escaped
    return hello.replace(b'"plan_digest":""', b'"plan_digest":"%s"' % digest(plan).encode())


def _plan(own: memoryview) -> bytes:
    """The plan in a test's own layer; none where it has none."""
    files = {each.name: bytes(each.data) for each in entries_of(own)}
    if not files.get(_name(START)):
        raise InfraError(f"the clone has no {START}: it would be the guest it was saved as")
    return files.get(_name(PLAN), b"")


def _name(path: str) -> bytes:
    return path.lstrip("/").encode()


def rewind(switch: Path) -> None:
    """Starts the kernel's watchdog timers anew, where `switch` says that they run.

    They wake every CPU at once each 4 s, which costs 64 vCPUs seconds of the host's time, and all
    clones of a guest that was saved just before would begin with it.
    """
    if switch.exists() and switch.read_text().strip() == "1":
        switch.write_text("0")
        switch.write_text("1")
