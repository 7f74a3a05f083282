# SPDX-License-Identifier: Apache-2.0
"""Makes a template: boots a guest until it is parked, and saves it."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ktstr.console.classify import classify
from ktstr.console.findings import ConsoleKind
from ktstr.host.accel import Accel
from ktstr.model.errors import InfraError
from ktstr.vm.command.machine import MachineSpec, stamps_console
from ktstr.vm.events import OUTPUT_LIMIT, Exited, Expired, Interrupted, MachineEvent
from ktstr.vm.saved import clock
from ktstr.vm.saved.template import GuestRefused, Template, TemplateError, machine_digest
from ktstr.vm.signals import Termination
from ktstr.vm.vm import Vm

_SAVE = "saving a guest"
_BOOT = "boot to the parked guest"
_PARKED = "guest-panicked"
_QUIT_S = 5.0
_TAIL = 2000


@dataclass
class SavedTemplate:
    """A template of this process. RAM is in files without a name, gone with `close`.

    template: to be cloned.  memory: their descriptors, one per node.  frames: all that the guest
    said at its frames port, the hello among it, for the caller to check.
    seconds: host time from QEMU's start until it was saved.
    """

    template: Template
    memory: tuple[int, ...]
    frames: bytes
    seconds: float

    def close(self) -> None:
        """Gives the RAM back; state and console stay in the directory."""
        for fd in self.memory:
            os.close(fd)
        self.memory = ()


def save(
    spec: MachineSpec,
    directory: Path,
    termination: Termination,
    boot_s: float,
    limit_s: float = float("inf"),
) -> SavedTemplate:
    """Boots `spec` in `directory`, waits until the guest has parked itself, and saves it.

    boot_s: host seconds until the guest must be parked.  limit_s: until it must be saved.

    Raises:
      GuestRefused: the guest ended or stopped elsewhere, or is not one that can be cloned.
      TemplateError: the host could not boot or save it; says how it ended.
      InfraError: a signal asked us to end.
    """
    began = time.monotonic()
    machine = machine_digest(spec)
    state = directory.absolute() / "state"
    with Vm(replace(spec, parks=True), directory, termination) as vm:
        vm.deadlines.start(_SAVE, limit_s)
        try:
            vm.start()
        except InfraError as error:
            raise TemplateError(f"no guest to be saved: {error}") from None
        _wait_until_parked(vm, boot_s)
        vm.save_state(state)
        vm.quit(_QUIT_S)
        if vm.files.is_full():
            raise TemplateError(f"the disk is full: {directory} may lack what the guest said")
        memory = [os.dup(fd) for fd in vm.files.memory]
    try:
        frames = vm.files.frames.read_bytes()
        template = _template(machine, spec.accel, state, memory, vm.files.console)
    except (InfraError, OSError) as error:
        for fd in memory:
            os.close(fd)
        kind = TemplateError if isinstance(error, OSError) else GuestRefused
        raise kind(f"the parked guest is of no use: {error}") from None
    return SavedTemplate(template, tuple(memory), frames, time.monotonic() - began)


def _wait_until_parked(vm: Vm, boot_s: float) -> None:
    vm.deadlines.start(_BOOT, boot_s)
    while True:
        event = vm.next_event()
        match event:
            case MachineEvent(name="STOP"):
                break
            case Expired():
                raise TemplateError(f"{event.deadline.describe()}; {_said(vm)}")
            case Exited():
                kind = GuestRefused if by_itself(event) else TemplateError
                how = event.reason or event.log or f"status {event.status}"
                raise kind(f"the guest ended ({how}) and was to be parked; {_said(vm)}")
            case Interrupted():
                raise InfraError(f"{event.signal_name} while a guest was booted to be saved")
            case _:
                pass
    vm.deadlines.finish(_BOOT)
    status = vm.ask("query-status").get("status")
    if status != _PARKED:
        raise GuestRefused(f"the guest stands still as {status!r}, not as {_PARKED!r}")
    console = vm.files.console.read_text(errors="replace")
    findings = classify(console, stamped=stamps_console(vm.spec))
    if any(finding.kind is ConsoleKind.PANIC for finding in findings):
        raise GuestRefused(f"the guest panicked and was to be parked; {_said(vm)}")


def by_itself(exited: Exited) -> bool:
    """Whether it was the guest that ended QEMU, not the host."""
    return exited.reason == OUTPUT_LIMIT or exited.reason.startswith("guest-")


def _said(vm: Vm) -> str:
    console = vm.files.console.read_text(errors="replace")[-_TAIL:].strip()
    return f"its console ends with:\n{console or '(nothing)'}"


def _template(
    machine: str, accel: Accel, state: Path, memory: Sequence[int], console: Path
) -> Template:
    if accel is Accel.VIRTUAL:
        state.write_bytes(clock.as_parked(state.read_bytes()))
    digest = hashlib.sha256(machine.encode() + state.read_bytes())
    return Template(
        digest=digest.hexdigest(),
        machine=machine,
        state=state,
        memory=tuple(f"/proc/self/fd/{fd}" for fd in memory),
        console=console,
    )
