# SPDX-License-Identifier: Apache-2.0
"""Whether KVM really runs a kernel here: shown by a tiny guest, not by /dev/kvm being there.

Hosts exist on which /dev/kvm opens and makes machines, while kernel code in them is emulated one
instruction at a time, or not at all.
"""

from __future__ import annotations

import hashlib
import itertools
import select
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from ktstr.host.accel import Accel
from ktstr.vm.follower import GrowthNotifier
from ktstr.vm.kvm.verdicts import Verdict, VerdictCache
from ktstr.vm.process import Process
from ktstr.vm.qemu import QemuTree

DEADLINE_S = 5.0
_KVM = Path("/dev/kvm")
# The letters that ktstr/vm/kvm/probe_guest/probe.S prints, and what it has done by then.
_STAGES = {
    "A": "entering the guest",
    "B": "entering long mode",
    "C": "cmpxchg16b",
    "D": "xsave and xrstor",
    "E": "reading the TSC",
    "F": "interrupts of the local APIC",
}
_ALL_STAGES = "".join(_STAGES)
# What isa-debug-exit makes of the guest's GOOD.
_GUEST_SAID_GOOD = 33
_KVM_GAVE_UP = "KVM internal error"


def kvm_verdict(qemu: QemuTree, guest: Path) -> Verdict:
    """The verdict on KVM by a probe `guest`: the cached one of this boot of the host, or a new."""
    cache = VerdictCache(_identity(qemu, guest))
    known = cache.load()
    if known is not None:
        return replace(known, cached=True)
    verdict = probe(qemu, guest, Accel.KVM)
    cache.store(verdict)
    return verdict


def probe(qemu: QemuTree, guest: Path, accel: Accel, deadline_s: float = DEADLINE_S) -> Verdict:
    """Boots `guest` and waits at most `deadline_s` for it to do all that it tries."""
    if accel is Accel.KVM:
        problem = _device_problem()
        if problem:
            return Verdict(False, problem, 0.0)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "output")
        output.touch()
        status = _run(qemu, guest, accel, output, started + deadline_s)
        said = output.read_text(errors="replace")
    seconds = time.monotonic() - started
    letters, _, _ = said.partition("\n")
    if status == _GUEST_SAID_GOOD and letters == _ALL_STAGES:
        return Verdict(True, f"a test guest ran kernel code in {seconds:.2f} s", seconds)
    return Verdict(False, _explain(said, status, deadline_s), seconds)


def _run(qemu: QemuTree, guest: Path, accel: Accel, output: Path, ends_at: float) -> int | None:
    """Runs the guest; QEMU's exit status, or None when it had to be killed."""
    notifier = GrowthNotifier([output])
    with output.open("ab") as log:
        process = Process.start(_command(qemu, guest, accel), output=log)
    try:
        poll = select.poll()
        poll.register(process, select.POLLIN)
        poll.register(notifier, select.POLLIN)
        while (left := ends_at - time.monotonic()) > 0:
            poll.poll(left * 1000)
            notifier.clear()
            status = process.poll()
            # On an internal error QEMU stops the guest and waits for ever.
            if status is not None or _KVM_GAVE_UP in output.read_text(errors="replace"):
                return status
        return None
    finally:
        process.close()
        notifier.close()


def _command(qemu: QemuTree, guest: Path, accel: Accel) -> tuple[str, ...]:
    cpu = "host" if accel is Accel.KVM else "max"
    return qemu.command(
        *("-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"),
        *("-machine", "q35", "-m", "64M", "-accel", "kvm" if accel is Accel.KVM else "tcg"),
        *("-cpu", cpu, "-bios", "qboot.rom", "-kernel", str(guest)),
        *("-debugcon", "stdio", "-device", "isa-debug-exit,iobase=0xf4,iosize=0x01"),
    )


def _device_problem() -> str:
    try:
        with _KVM.open("r+b", buffering=0):
            return ""
    except FileNotFoundError:
        return f"there is no {_KVM}: the processor's or the outer machine's virtualization is off"
    except PermissionError:
        return f"{_KVM} may not be opened; add the user to its group (usually kvm) and log in again"
    except OSError as error:
        return f"{_KVM} cannot be opened: {error.strerror}"


def _explain(said: str, status: int | None, deadline_s: float) -> str:
    agreeing = itertools.takewhile(
        lambda pair: pair[0] == pair[1], zip(said, _ALL_STAGES, strict=False)
    )
    reached = sum(1 for _ in agreeing)
    if not reached and status is not None:
        return f"QEMU ended with status {status}: {said.strip()[-300:]}"
    next_stage = _STAGES.get(_ALL_STAGES[reached : reached + 1], "its end")
    where = f"a test guest stopped at {next_stage}"
    if _KVM_GAVE_UP in said:
        return f"{where}, which this host's KVM cannot execute (KVM internal error)"
    if status is None:
        return f"{where} and did not go on within {deadline_s:.0f} s"
    return f"{where} (QEMU's status {status})"


def _identity(qemu: QemuTree, guest: Path) -> str:
    """A digest of all that a verdict depends on: this boot, its KVM modules, QEMU, the guest."""
    digest = hashlib.sha256()
    for path in (qemu.program, guest):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    facts = [Path("/proc/sys/kernel/random/boot_id").read_text(), Path("/proc/version").read_text()]
    for module in sorted(Path("/sys/module").glob("kvm*")):
        version = module / "srcversion"
        facts.append(f"{module.name} {version.read_text() if version.exists() else ''}")
    try:
        status = _KVM.stat()
        facts.append(f"{status.st_rdev} {status.st_mode} {status.st_uid} {status.st_gid}")
    except OSError as error:
        facts.append(str(error))
    digest.update("\0".join(facts).encode())
    return digest.hexdigest()
