# SPDX-License-Identifier: Apache-2.0
"""The host's side of a recorder in one guest: what it is to record, and what it has told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import PhysicalMemory
from ktstr.introspect.postmortem.bounded import BoundedMemory
from ktstr.introspect.postmortem.collect import cr4_of
from ktstr.introspect.recorder.memory import told_in
from ktstr.introspect.recorder.targets import Recording
from ktstr.introspect.recorder.told import Told, told_by
from ktstr.introspect.snapshot.space import kernel_memory
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.wire.recording import Recorded

# Host seconds and bytes for the maps of a guest that stands.
_SECONDS, _MOST_BYTES = 3.0, 64 << 20


class Recorder:
    """`told` is what the guest said, or what its memory held; `problem` says why that is less."""

    def __init__(self, kernel: Kernel, recording: Recording) -> None:
        self.kernel, self.recording = kernel, recording
        self.told: Told | None = None
        self.problem = "the guest ended before it told what it had recorded"

    def hear(self, fact: object) -> None:
        """The guest says something."""
        if not isinstance(fact, Recorded):
            return
        self.problem = fact.error
        try:
            lines = fact.lines()
            self.told = told_by(lines) if lines else None
        except InfraError as error:
            self.problem = str(error)

    def stands(
        self,
        kernel: Kernel,
        physical: PhysicalMemory,
        registers: Sequence[Mapping[str, int]],
    ) -> None:
        """The guest stands, and tells no more: what it recorded is read from its memory."""
        if self.told is not None:
            return
        bounded = BoundedMemory(physical, _SECONDS, _MOST_BYTES)
        try:
            self.told = told_in(kernel, kernel_memory(kernel, bounded, cr4_of(registers)))
        except (InfraError, UsageError) as error:
            self.problem = str(error)
            return
        self.problem = ""
