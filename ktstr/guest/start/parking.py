# SPDX-License-Identifier: Apache-2.0
"""The guest that is saved and cloned: parked at one instruction, with everything imported.

The instruction is a store to QEMU's pvpanic device (docs/specs/pvpanic.rst of QEMU), at which the
machine stops.  What runs next runs in a clone, into whose mailbox the host has put a test's layer.
"""

from __future__ import annotations

import gc
import importlib
import mmap
import os
import termios
from pathlib import Path

from ktstr.guest.agent import end_with, run
from ktstr.guest.observers.witness import Witness
from ktstr.guest.scheduler.waiting import LOADER, WaitingLoader
from ktstr.guest.start.adopt import settle
from ktstr.guest.start.hello import PLAN, START, digest, framed, hello_body, hello_text, write_all
from ktstr.guest.start.unpack import Entry, entries_of, unpack
from ktstr.guest.system.bell import Bell
from ktstr.guest.system.port import FramePort
from ktstr.guest.system.reactor import Reactor
from ktstr.guest.system.view import seen_view
from ktstr.model.codec import prepare
from ktstr.model.errors import InfraError
from ktstr.model.plan import Plan
from ktstr.model.wire.mailbox import MAILBOX_BYTES, mark, read

# whether the kernel watches for lockups (Documentation/admin-guide/sysctl/kernel.rst)
_WATCHDOG = Path("/proc/sys/kernel/watchdog")
# What tests need beyond the agent's own imports.  Few need disks, and none the shell.
_MODULES = (
    "encodings.ascii",
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
    """Says hello, parks, and in a clone takes the mailbox's layer on, says hello again and runs it.

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
        mailbox = _mailbox()
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
        brought = _brought(mailbox)
    except Exception as failure:  # noqa: BLE001 - as above
        return end_with(FramePort(port), failure)
    plan = _file(brought, PLAN)
    # the machine is what it was in the saved guest, whose memory this one goes on with
    write_all(port, framed(with_plan(hello, plan)))

    def move_in() -> None:
        mailbox.close()
        unpack(brought)
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


def _brought(mailbox: mmap.mmap) -> list[Entry]:
    """What the host has put into the mailbox."""
    with memoryview(mailbox) as view:
        brought = list(entries_of(read(view)))
    if not _file(brought, START):
        raise InfraError(f"the clone has no {START}: it would be the guest it was saved as")
    return brought


def _file(entries: list[Entry], path: str) -> bytes:
    """The bytes of a file of the layer; none where it has no such file."""
    return next((data for name, _, data in entries if name == path.lstrip("/").encode()), b"")


def _mailbox() -> mmap.mmap:
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE
    pages = mmap.mmap(-1, MAILBOX_BYTES, flags=flags)
    # a page that the kernel moves into a huge one leaves its mark where it was
    pages.madvise(mmap.MADV_NOHUGEPAGE)
    with memoryview(pages) as view:
        mark(view)
    return pages


def rewind(switch: Path) -> None:
    """Starts the kernel's watchdog timers anew, where `switch` says that they run.

    They wake every CPU at once each 4 s, which costs 64 vCPUs seconds of the host's time, and all
    clones of a guest that was saved just before would begin with it.
    """
    if switch.exists() and switch.read_text().strip() == "1":
        switch.write_text("0")
        switch.write_text("1")
