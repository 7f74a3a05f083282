# SPDX-License-Identifier: Apache-2.0
"""A running virtual machine: one loop that turns all that can happen to it into events."""

from __future__ import annotations

import mmap
import select
import socket
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from ktstr.host.disk_clone import DiskClone
from ktstr.model.errors import KtstrError
from ktstr.vm import vcpus
from ktstr.vm.command import machine
from ktstr.vm.command.machine import MachineSpec, ProbeWiring, Wiring
from ktstr.vm.command.option import option_value
from ktstr.vm.deadlines import Deadline, Deadlines
from ktstr.vm.disk import clones
from ktstr.vm.disk.clones import Cloner
from ktstr.vm.events import (
    OUTPUT_LIMIT,
    ConsoleOutput,
    Event,
    Exited,
    Expired,
    FrameOutput,
    Interrupted,
    MachineEvent,
)
from ktstr.vm.follower import Follower, GrowthNotifier
from ktstr.vm.probing import PluginError, Probing, blamed, seen
from ktstr.vm.process import Process
from ktstr.vm.qmp import Qmp, QmpError
from ktstr.vm.rundir import RunDirectory
from ktstr.vm.saved import incoming
from ktstr.vm.saved.template import Template, TemplateError
from ktstr.vm.signals import Termination

# Output is looked at this often at most, lest every byte of a serial port wake us.
_OUTPUT_PERIOD_S = 0.01
# How often listeners look at a machine.
TICK_S = 0.05
_OUR_FILES = Path("/proc/self/fd")
_QMP_TIMEOUT_S = 20.0
# What a run may leave on the disk, for the console and for the frames each.
OUTPUT_BYTES = 256 << 20


class Listener(Protocol):
    """Who looks at a machine while it runs, beside who follows its events.

    Called in the loop that serves the machine: no event is given while a call lasts.
    """

    def begin(self, vm: Vm) -> bool:
        """QEMU has started and answers `vm.ask`, and no guest has come from a saved state yet.

        Returns whether ticks are wanted: a machine that nobody wants them of wakes nobody.

        Raises:
          QmpError: QEMU is gone; this ends the start.
        """

    def tick(self, at_s: float) -> None:
        """QEMU has run for `at_s` seconds; called every TICK_S at the most often, until it ends."""


class Vm:
    """One QEMU process and the files it writes. Leaving the context ends it, whatever happened."""

    def __init__(
        self,
        spec: MachineSpec,
        directory: Path,
        termination: Termination,
        *,
        output_bytes: int = OUTPUT_BYTES,
        cloner: Cloner | None = None,
        template: Template | None = None,
        brings: Sequence[Path] = (),
        listeners: Sequence[Listener] = (),
        probing: Probing | None = None,
    ) -> None:
        """Prepares files in `directory`; nothing runs before `start`.

        A guest whose console or frames grow beyond `output_bytes` is ended (`ending_of` says so).
        `cloner` clones the disks. With a `template` the guest is a clone of it, with the layers
        `brings` in its mailbox, and `spec` is the machine that would be booted cold instead.
        `listeners` are told when QEMU has started, and of time that goes by while it runs.
        `probing` is for a guest of virtual time that is looked into.
        """
        self._probing = probing
        self._template = template
        self._brings = tuple(brings)
        self._cloner = cloner or Cloner()
        self.disk_clones: tuple[DiskClone, ...] = ()
        self._output_bytes = output_bytes
        self.spec = spec
        self.files = RunDirectory(directory, spec)
        self.deadlines = Deadlines()
        self._termination = termination
        self._pending: deque[Event] = deque()
        self._reported: set[Deadline] = set()
        self._process: Process | None = None
        self._qmp: Qmp | None = None
        self._notifier: GrowthNotifier | None = None
        self._listeners = tuple(listeners)
        self._ticking: list[Listener] = []
        self._next_output = 0.0
        self._next_tick = 0.0
        self._started_at = 0.0
        self._shutdown_reason = ""
        self._exited = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """QEMU's process id, once it is started."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Starts QEMU, which boots the guest at once, or lets the clone of a template go on.

        Raises:
          TemplateError: the clone cannot be made; leaving the context ends what there is of it.
          PluginError: QEMU does not take the plugin that looks into guests.
          InfraError: QEMU cannot be started, refuses its arguments, or the disk is full.
        """
        if self._template is None:
            self.files.prepare()
            memory = self.files.create_memory()
            self._launch(memory, tuple(f"/proc/self/fd/{fd}" for fd in memory))
            self._negotiate()
            return
        try:
            self._clone(self._template)
        except (TemplateError, PluginError):
            raise
        except KtstrError as error:
            digest = self._template.digest[:12]
            raise TemplateError(f"cannot clone template {digest}: {error}") from None

    def _clone(self, template: Template) -> None:
        if self.spec.disks or self.spec.control:
            raise TemplateError("a machine with disks or a live channel cannot be cloned")
        if len(template.memory) != self.spec.topology.nodes:
            raise TemplateError(
                f"a template with {len(template.memory)} nodes for {self.spec.topology.nodes}"
            )
        self.files.prepare(template)
        self._launch(_descriptors(template.memory), template.memory)
        self._negotiate()
        assert self._qmp is not None
        with self._explained("when it was to load the saved state"):
            incoming.resume(self._qmp, template.state)

    def _launch(self, memory_fds: Sequence[int], memory: tuple[str, ...]) -> None:
        """Starts the process, which gets `memory_fds` and a mailbox."""
        mailbox = self.files.create_mailbox(self._brings)
        self._console = Follower(self.files.console)
        self._frames = Follower(self.files.frames)
        self._notifier = GrowthNotifier([self.files.console, self.files.frames])
        cloned = self.files.clone_disks(self._cloner)
        self.disk_clones = tuple(clone.facts for clone in cloned)
        written = [clone.fd for clone in cloned if clone.fd is not None]
        ours, theirs = socket.socketpair()
        wiring = Wiring(
            initramfs=self.files.initramfs,
            console=f"file,path={option_value(self.files.console)},append=on",
            frames=f"file,path={option_value(self.files.frames)},append=on",
            monitor=f"socket,fd={theirs.fileno()}",
            control=f"socket,path={option_value(self.files.control)},server=on,wait=off",
            memory=memory,
            mailbox=f"/proc/self/fd/{mailbox}",
            images=tuple(clone.image for clone in cloned),
            incoming=self._template is not None,
            probes=self._wire_probes(),
            device_tree=self.files.device_tree,
        )
        # `close` closes the socket with the monitor, whether QEMU starts or not
        self._qmp = Qmp(ours)
        with theirs, self.files.log.open("wb") as log:
            self._started_at = time.monotonic()
            self._process = Process.start(
                machine.command(self.spec, wiring),
                output=log,
                pass_fds=(theirs.fileno(), mailbox, *memory_fds, *written, *self._probe_fds()),
                file_bytes=max(self._output_bytes, clones.file_bytes_for(self.spec.disks)),
            )

    def _wire_probes(self) -> ProbeWiring | None:
        if self._probing is None:
            return None
        out = self.files.create_probes(self._probing.watch)
        holds = self._probing.holds
        hold = None if holds is None else holds.theirs
        return ProbeWiring(self.files.watch, f"/proc/self/fd/{out}", hold)

    def _probe_fds(self) -> tuple[int, ...]:
        if self._probing is None or self.files.probes is None:
            return ()
        holds = self._probing.holds
        return (self.files.probes,) if holds is None else (self.files.probes, holds.theirs)

    def seen(self) -> mmap.mmap | bytes:
        """What the plugin has seen so far; empty without it."""
        return b"" if self.files.probes is None else seen(self.files.probes)

    def _negotiate(self) -> None:
        assert self._process is not None and self._qmp is not None
        if self._probing is not None and self._probing.holds is not None:
            self._probing.holds.begin(self._process.pid)
        with self._explained("at its start"):
            self._qmp.negotiate(_QMP_TIMEOUT_S)
            self._ticking = [each for each in self._listeners if each.begin(self)]

    @contextmanager
    def _explained(self, when: str) -> Iterator[None]:
        """Says what QEMU said, where it has ended instead of answering."""
        try:
            yield
        except QmpError as error:
            assert self._process is not None
            status = self._process.wait(1.0)
            if status is None:
                raise
            said = f"QEMU ended {when} with status {status}: {self.files.log_tail()}"
            if self._probing is not None and blamed(self.files.log_tail(), self.spec.qemu.probes):
                raise PluginError(said) from error
            raise QmpError(said) from error

    def next_event(self) -> Event:
        """Waits for the next event; after Exited there is none.

        With no deadline in force it may wait for ever.
        """
        while True:
            while not self._pending:
                self._wait()
                self._gather()
            event = self._pending.popleft()
            # what came before it may have been what it waited for
            if not isinstance(event, Expired) or self.deadlines.is_in_force(event.deadline):
                return event

    def ask(self, command: str, *, within_s: float = _QMP_TIMEOUT_S, **arguments: Any) -> Any:
        """One command of QEMU's monitor, once it is started; returns what QEMU answers.

        Raises:
          QmpError: QEMU answered with an error, not within that many seconds, or is gone.
        """
        assert self._qmp is not None
        return self._qmp.execute(command, timeout=within_s, **arguments)

    def save_state(self, path: Path) -> None:
        """Writes the device state of a guest that stands still to `path`; its RAM is in our files.

        Raises:
          TemplateError: QEMU could not.
        """
        assert self._qmp is not None
        incoming.save_state(self._qmp, path)

    def host_wait_s(self) -> float:
        """Seconds that the host has kept a thread of QEMU waiting for a CPU, since the start."""
        return vcpus.longest_wait_s(self._process.pid) if self._process is not None else 0.0

    def let_go(self) -> None:
        """Has nobody hold the guest any more: QEMU neither stops nor quits while a vCPU is held."""
        if self._probing is not None and self._probing.holds is not None:
            self._probing.holds.let_go()

    def quit(self, seconds: float) -> None:
        """Asks QEMU to end and waits; kills it after `seconds`. Exited is delivered next."""
        assert self._process is not None
        self.let_go()
        if self._qmp is not None and not self._qmp.closed:
            try:
                self._qmp.execute("quit", timeout=seconds)
            except QmpError:
                pass
        if self._process.wait(seconds) is None:
            self._process.kill()

    def close(self) -> None:
        """Ends QEMU if it runs and closes everything; files stay."""
        if self._process is not None:
            self._process.close()
        if self._qmp is not None:
            self._qmp.close()
        if self._notifier is not None:
            self._notifier.close()
            self._console.close()
            self._frames.close()
        self.files.close()

    def _wait(self) -> None:
        """Sleeps until something is to be gathered."""
        assert self._process is not None and self._qmp is not None and self._notifier is not None
        if self._exited:
            raise AssertionError("waiting for an event of a machine that has ended")
        now = time.monotonic()
        poll = select.poll()
        poll.register(self._process, select.POLLIN)
        poll.register(self._termination, select.POLLIN)
        if not self._qmp.closed:
            poll.register(self._qmp, select.POLLIN)
        ends = []
        if now >= self._next_output:
            poll.register(self._notifier, select.POLLIN)
        else:
            ends.append(self._next_output)
        if (held := self._holds_fd()) >= 0:
            poll.register(held, select.POLLIN)
        if self._ticking:
            ends.append(self._next_tick)
        remaining = self.deadlines.remaining()
        if remaining is not None and self.deadlines.expired() not in self._reported:
            ends.append(now + remaining)
        timeout = max(0.0, min(ends) - now) * 1000 if ends else None
        poll.poll(timeout)

    def _holds_fd(self) -> int:
        holds = self._probing.holds if self._probing is not None else None
        return -1 if holds is None else holds.fileno()

    def _gather(self) -> None:
        """Turns what has happened into events, QEMU's end last."""
        assert self._process is not None and self._qmp is not None and self._notifier is not None
        status = self._process.poll()
        now = time.monotonic()
        at_s = now - self._started_at
        if now >= self._next_output or status is not None:
            self._notifier.clear()
            self._gather_output(at_s, everything=status is not None)
            if max(self._console.size, self._frames.size) >= self._output_bytes:
                self._shutdown_reason = OUTPUT_LIMIT
                status = self._process.kill()
            self._next_output = now + _OUTPUT_PERIOD_S
        if self._probing is not None:
            self.deadlines.put_off(self._probing.serve())
        for event in self._qmp.events():
            if event["event"] == "SHUTDOWN":
                self._shutdown_reason = event.get("data", {}).get("reason", "")
            self._pending.append(MachineEvent(event["event"], event.get("data", {}), at_s))
        if self._ticking and now >= self._next_tick and status is None:
            began = time.monotonic()
            for each in self._ticking:
                each.tick(at_s)
            self._next_tick = next_tick(began, time.monotonic())
        for name in self._termination.received():
            self._pending.append(Interrupted(name, at_s))
        expired = self.deadlines.expired()
        if expired is not None and expired not in self._reported and status is None:
            self._reported.add(expired)
            self._pending.append(Expired(expired, at_s))
        if status is not None:
            self._exited = True
            log = self.files.log_tail()
            self._pending.append(Exited(status, self._shutdown_reason, log, at_s))

    def _gather_output(self, at_s: float, *, everything: bool) -> None:
        while data := self._console.read():
            self._pending.append(ConsoleOutput(data, at_s))
            if not everything:
                break
        while data := self._frames.read():
            self._pending.append(FrameOutput(data, at_s))
            if not everything:
                break


def next_tick(began: float, ended: float) -> float:
    """When to tick after ticks that took from `began` to `ended`, in seconds of one clock.

    They take a tenth of the host's time at most, which what else is to be gathered needs.
    """
    return max(began + TICK_S, ended + 9 * (ended - began))


def _descriptors(paths: Sequence[str]) -> list[int]:
    """Our descriptors among QEMU's paths of files."""
    return [int(Path(path).name) for path in paths if Path(path).parent == _OUR_FILES]
