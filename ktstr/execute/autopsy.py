# SPDX-License-Identifier: Apache-2.0
"""Looks into a guest that will not come to its end, before its QEMU is told to go.

Whatever goes wrong here is told in the post-mortem, and costs the run nothing but time, of which
there is a bound: what comes of the run itself is known without.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ktstr.execute.budget import UNLIMITED, Budget
from ktstr.execute.watch import Standing
from ktstr.introspect.postmortem.state import PostMortem
from ktstr.introspect.snapshot.state import Snapshot
from ktstr.model.errors import InfraError, UsageError
from ktstr.vm.deadlines import Deadline
from ktstr.vm.qmp import QmpError
from ktstr.vm.registers import COMMAND, vcpu_registers
from ktstr.vm.vm import Vm

# Host seconds for an answer of QEMU's monitor, and for the readers; less of both where that would
# not fit into what is left, and the time that is reserved for the report has to do.
_ANSWER_S, _READERS_S = 2.0, 3.0
_LATE_ANSWER_S, _LATE_READERS_S = 1.0, 1.5
_AMPLE_S = 10.0
# What a core leaves of the time, and needs at the least.
_SPARED_S, _LEAST_CORE_S = 5.0, 1.0
PANICKED = "the guest panicked"
# the file of a guest's memory among the outputs of its test
CORE = "guest.core"


@dataclass
class Autopsy:
    """Made for one guest; `found` is what came of it, None for a guest that did come to its end.

    It listens to the machine, so that the guest stands where it panics until it was looked into.

    vmlinux, index: its kernel, and the index of that; None where there is none.  core: the file
    that its memory is to be kept in; None: it is not.  budget: what time the run may still take.
    standing: looks at it, too, while it stands.  took_s: host seconds that it took.
    """

    vmlinux: Path
    index: Path | None
    core: Path | None = None
    budget: Budget = UNLIMITED
    standing: Standing | None = None
    found: PostMortem | None = None
    took_s: float = 0.0

    def begin(self, vm: Vm) -> bool:
        """Has QEMU stop a guest that panics, which else might be gone when it is looked for.

        Raises:
            QmpError: QEMU is gone.
        """
        vm.ask("set-action", panic="pause")
        return False

    def tick(self, at_s: float) -> None:
        """Nothing is done in between."""

    def dying(self, vm: Vm, deadline: Deadline | None) -> None:
        """Takes the post-mortem of a guest, as `Watch.dying` wants it."""
        began = time.monotonic()
        self._dying(vm, deadline)
        self.took_s += time.monotonic() - began

    def _dying(self, vm: Vm, deadline: Deadline | None) -> None:
        cause = PANICKED if deadline is None else deadline.describe()
        # what the guest may have more is there for whoever looks at it, too
        late = self.budget.most_s() < _AMPLE_S
        answer_s = _LATE_ANSWER_S if late else _ANSWER_S
        before: tuple[dict[str, int], ...] = ()
        try:
            if deadline is not None:
                before = _registers(vm, answer_s)
            vm.ask("stop", within_s=answer_s)
        except QmpError as error:
            self.found = _nothing(cause, f"the guest cannot be stopped: {error}")
            return
        try:
            self.found = self._look(vm, cause, answer_s, before, late=late)
        except Exception as error:  # noqa: BLE001 - a bug of ours must not cost the result
            self.found = _nothing(cause, f"ktstr's own mistake, {type(error).__name__}: {error}")
        if deadline is None:
            try:
                vm.ask("cont", within_s=answer_s)
            except QmpError:
                pass  # its deadline ends it, as it ends one that hangs in its panic

    def _look(
        self,
        vm: Vm,
        cause: str,
        answer_s: float,
        before: Sequence[Mapping[str, int]],
        *,
        late: bool,
    ) -> PostMortem:
        # late: only a run that ends badly pays for them
        from ktstr.introspect.kernel.kernel import Kernel
        from ktstr.introspect.memory.qemu import memory_of
        from ktstr.introspect.postmortem.collect import collect
        from ktstr.introspect.postmortem.core_file import SECONDS as CORE_SECONDS
        from ktstr.introspect.postmortem.core_file import write_core_file

        if self.index is None:
            return _nothing(cause, "the target has no index of its kernel")
        registers: tuple[dict[str, int], ...] = ()
        problems = []
        try:
            registers = _registers(vm, answer_s)
        except QmpError as error:
            problems.append(f"the registers of its CPUs: {error}")
        try:
            kernel = Kernel.open(self.vmlinux, self.index)
            memory = memory_of(vm.pid)
        except (InfraError, UsageError) as error:
            return _nothing(cause, str(error))
        if self.standing is not None:
            self.standing(kernel, memory, registers)
        readers_s = _LATE_READERS_S if late else _READERS_S
        found = collect(kernel, memory, registers, cause, before=before, seconds=readers_s)
        if self.core is not None:
            why = "no core was written: no time was left for it"
            core_s = min(CORE_SECONDS, self.budget.most_s() - _SPARED_S)
            if core_s > _LEAST_CORE_S:
                why = write_core_file(self.core, kernel, memory, registers, seconds=core_s)
            problems += [why] if why else []
            found = replace(found, core="" if why else self.core.name)
        return replace(found, missing=(*problems, *found.missing))


def _registers(vm: Vm, within_s: float) -> tuple[dict[str, int], ...]:
    asked = {"command-line": COMMAND}
    return vcpu_registers(str(vm.ask("human-monitor-command", within_s=within_s, **asked)))


def _nothing(cause: str, why: str) -> PostMortem:
    return PostMortem(cause, Snapshot("", 0, ""), missing=(why,))
