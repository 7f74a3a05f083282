# SPDX-License-Identifier: Apache-2.0
"""Which saved guest a test is cloned from, or why it boots cold."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from ktstr.host.accel import Accel
from ktstr.machine.located import MachineFiles
from ktstr.machine.machine import TargetMachine
from ktstr.machine.prepared.inflated import Inflated, inflate
from ktstr.machine.prepared.starts import Start
from ktstr.machine.prepared.store_use import StoreUse
from ktstr.machine.saving import UNUSABLE, save_guest, template_spec
from ktstr.machine.target import Target
from ktstr.model.errors import InfraError
from ktstr.model.wire import mailbox
from ktstr.vm.artifact import read_artifact
from ktstr.vm.command.machine import MachineSpec
from ktstr.vm.qemu import Arch
from ktstr.vm.save import SavedTemplate
from ktstr.vm.saved.template import Template, TemplateError, machine_digest
from ktstr.vm.signals import Termination

# Among the outputs of tests, whose names are Python's: no test is called so.
_FOLDER = ".template"


@dataclass(frozen=True)
class _Ready:
    template: Template
    words: str
    owner: Inflated | SavedTemplate


def built_refusal(target: Target, machine: TargetMachine) -> str:
    """Why the build has saved no guest that this run can use; empty: it has."""
    if machine.spec.accel is not Accel.VIRTUAL:
        return "only one of virtual time travels"
    if not target.template:
        return target.no_template or "the build has saved no guest"
    return machine.oversize


def cold_reason(target: Target, machine: TargetMachine, tests: int) -> str:
    """Why no test of a run of `tests` tests is cloned; empty: they may be."""
    if target.fresh_boot:
        return "fresh_boot is set, by the target or for all tests"
    if machine.spec.disks:
        names = ", ".join(disk.name for disk in machine.spec.disks)
        return f"QEMU itself has disks of the target ({names}), which no saved guest has"
    if machine.spec.qemu.arch is not Arch.X86_64:
        return "guests of arm64 are not saved"
    refusal = built_refusal(target, machine)
    if refusal and tests < 2:
        return f"the run's only test, and none of the build's saved guests will do: {refusal}"
    return ""


class Templates:
    """Gives each test of a run its start.  The saved guest is made ready when it is first wanted.

    Where the build has made none, the first test that wants one has it booted and saved.
    """

    def __init__(
        self,
        target: Target,
        files: MachineFiles,
        machine: TargetMachine,
        outputs: Path,
        termination: Termination,
        tests: int,
        store: Path | None = None,
        use: StoreUse | None = None,
    ) -> None:
        """outputs: of the run.  store: the root of the host's store; None: the default place.

        use: is told why the store is not used.
        """
        self._target, self._files, self._machine = target, files, machine
        self._folder, self._termination, self._store = outputs / _FOLDER, termination, store
        self._use = StoreUse() if use is None else use
        self._refusal = cold_reason(target, machine, tests)
        self._ready: _Ready | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(self, layer: Path, limit_s: float) -> Start:
        """How the guest that gets `layer` comes up.

        Saving one first takes half of `limit_s` seconds at most: a cold boot may have to follow.
        """
        if self._refusal:
            return Start(self._refusal)
        brings = self._machine.brings(layer)
        size = sum(each.stat().st_size for each in brings)
        if size > mailbox.capacity():
            return Start(
                f"the test brings layers of {size} bytes, and a clone's mailbox takes "
                f"{mailbox.capacity()}"
            )
        try:
            if self._ready is None:
                self._ready = self._made(limit_s / 2)
        except InfraError as error:
            return self.refuse(str(error))
        return Start(self._ready.words, self._ready.template, brings)

    def refuse(self, reason: str) -> Start:
        """No more clones in this run: the guest of this test and those of all others boot cold."""
        self._refusal = f"no clone: {reason}"
        self.close()
        return Start(self._refusal)

    def close(self) -> None:
        """Gives the saved guest back."""
        if self._ready is not None:
            self._ready.owner.close()
            self._ready = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def _made(self, limit_s: float) -> _Ready:
        spec = template_spec(self._machine, self._folder / "template.cpio")
        refusal = built_refusal(self._target, self._machine)
        if not refusal:
            return self._built(spec)
        saved = save_guest(spec, self._folder, self._termination, limit_s)
        words = f"of this run's own first guest, saved after {saved.seconds:.2f} s: {refusal}"
        return _Ready(saved.template, words, saved)

    def _built(self, spec: MachineSpec) -> _Ready:
        directory = self._files.template
        if directory is None:
            raise InfraError(self._files.no_template)
        if (directory / UNUSABLE).exists():
            raise TemplateError((directory / UNUSABLE).read_text(encoding="utf-8").strip())
        artifact = read_artifact(directory)
        expected = machine_digest(spec)
        if artifact.machine != expected:
            raise TemplateError(
                f"the template is of another machine, {artifact.machine[:12]}, and this target's "
                f"is {expected[:12]}; build the target again"
            )
        inflated = inflate(artifact, self._store)
        words = inflated.words
        if inflated.refusal:
            words = f"{words}, {self._use.refused(inflated.refusal)}"
        return _Ready(artifact.template(inflated.memory), words, inflated)
