# SPDX-License-Identifier: Apache-2.0
"""What is looked at in one guest: one watch of all who want one, and what each made of it."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ktstr.host.accel import Accel
from ktstr.host.probes import ProbeFacts
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.combined import Combined
from ktstr.introspect.plugin.encode import encode
from ktstr.introspect.plugin.facts import kernel_facts
from ktstr.introspect.plugin.hold import HoldChannel
from ktstr.introspect.plugin.part import Look, Looked, Part
from ktstr.introspect.plugin.records import State, Stream
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.plan import Plan
from ktstr.vm.command.machine import MachineSpec
from ktstr.vm.probing import Probing
from ktstr.vm.vm import Listener

if TYPE_CHECKING:
    from ktstr.execute.living import LivingMonitor

# the part that has another way to look
_MONITOR = "monitor"


@dataclass
class Looking:
    """Made by `look`; `probing` is for the machine, `fields` for the record of its run.

    looks: of the parts that look, by name.  refused: why the others do not, by name.  problem: why
    nothing is looked at; empty where something is.  living: looks all the same, at memory.
    """

    parts: Sequence[Part]
    looks: dict[str, Look] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    combined: Combined | None = None
    problem: str = ""
    channel: HoldChannel | None = None
    living: LivingMonitor | None = None

    def probing(self) -> Probing | None:
        """What the machine is told; None where nothing is looked at."""
        if self.combined is None or not self.combined.watch.probes:
            return None
        self.channel = self.combined.channel()
        return Probing(encode(self.combined.watch), self.channel)

    def stop(self, why: str) -> None:
        """Nothing is looked at after all, for that reason."""
        self.close()
        self.combined, self.problem = None, why

    def close(self) -> None:
        """Gives back what a guest was held by."""
        if self.channel is not None:
            self.channel.close()

    def fields(self, stream: Stream) -> dict[str, Any]:
        """Fields of the run's record: each part's own, by its name, and `probes`."""
        if self.combined is None or not self.combined.watch.probes:
            facts = ProbeFacts(watched=False, problem=self.problem)
            looked = dict.fromkeys(self.looks, Looked())
        else:
            let_go = self.channel is not None and self.channel.was_let_go
            seen, looked = self.combined.looked(stream, let_go=let_go)
            facts = ProbeFacts(
                seen.state in (State.WATCHES, State.ENDED),
                sum(count.records for count in seen.probes.values()) - seen.lost,
                seen.lost,
                seen.reason or (self.channel.ended if self.channel is not None else ""),
            )
        made: dict[str, Any] = {}
        for part in self.parts:
            made[part.name] = self._made(part, looked)
        if self.living is not None:
            made[_MONITOR] = self.living.series()
        return {name: each for name, each in made.items() if each is not None} | {"probes": facts}

    def listeners(self) -> tuple[Listener, ...]:
        """Those who look at the machine while it runs."""
        return (self.living,) if self.living is not None else ()

    def _made(self, part: Part, looked: dict[str, Looked]) -> object:
        if part.name not in self.looks or self.problem:
            return part.without(self.refused.get(part.name, self.problem))
        try:
            return self.looks[part.name].made(looked[part.name])
        except (UsageError, InfraError) as error:  # a guest may have harmed what was seen
            return part.without(f"what was seen of the guest makes no sense: {error}")


def look(plan: Plan, spec: MachineSpec, index: Path | None, parts: Sequence[Part]) -> Looking:
    """What `parts` look at in the guest of a plan; `index` is that of the machine's kernel."""
    looking = Looking(parts)
    if not parts:
        return looking
    looking.problem = _unable(spec, index)
    if looking.problem:
        if index is not None and any(part.name == _MONITOR for part in parts):
            looking.living = _living(spec.kernel, index, looking.problem)
        return looking
    cpus = spec.topology.cpus
    try:
        kernel = _opened(spec.kernel, index)
        facts = kernel_facts(kernel)
    except (UsageError, InfraError) as error:
        looking.problem = f"this kernel cannot be looked into: {error}"
        return looking
    for part in parts:
        try:
            looking.looks[part.name] = part.look(kernel, plan, cpus)
        except (UsageError, InfraError) as error:
            looking.refused[part.name] = str(error)
    wanted = {name: each.wanted for name, each in looking.looks.items()}
    try:
        looking.combined = Combined.of(wanted, cpus, facts)
    except UsageError as error:
        looking.problem = str(error)
    return looking


def _unable(spec: MachineSpec, index: Path | None) -> str:
    """Why no plugin can look into such a machine; empty where one can."""
    if spec.accel is not Accel.VIRTUAL:
        return (
            f"QEMU's plugin looks into guests in virtual time alone; this is one under {spec.accel}"
        )
    if index is None:
        return "the target has no index of its kernel"
    if not spec.qemu.probes.is_file():
        return f"QEMU's tree has no {spec.qemu.probes.relative_to(spec.qemu.root)}"
    return ""


def _living(vmlinux: Path, index: Path, why: str) -> LivingMonitor:
    # late, as guests in virtual time do without
    from ktstr.execute.living import LivingMonitor

    return LivingMonitor(functools.partial(_opened, vmlinux, index), why)


@functools.lru_cache(maxsize=1)
def _opened(vmlinux: Path, index: Path | None) -> Kernel:
    """A target's tests have one kernel, which is opened once."""
    return Kernel.open(vmlinux, index)
