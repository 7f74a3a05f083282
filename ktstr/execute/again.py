# SPDX-License-Identifier: Apache-2.0
"""Runs a plan that has failed in real time a second time, with a recorder in the guest.

Nothing makes the second run the first one again: it may fail likewise, otherwise, or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ktstr.execute.budget import UNLIMITED, Budget
from ktstr.execute.durations import body_s, labour_s
from ktstr.execute.outcome import Outcome
from ktstr.execute.real_causes import RealCause
from ktstr.execute.rerun import LIVE_CHANNEL, Rerun, cut_because, rerun
from ktstr.execute.source import Source
from ktstr.execute.watch import Watch
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.part import Part
from ktstr.introspect.recorder.recorder import Recorder
from ktstr.introspect.recorder.targets import recording_of
from ktstr.machine.prepared.machine import PreparedMachine
from ktstr.model.plan import RECORDING_PATH
from ktstr.model.wire.recording import Labour
from ktstr.vm.deadlines import scaled
from ktstr.vm.signals import Termination

# Of the host time that the first run took, since each call that is recorded costs. On top of that
# come what the test may wait for the recorder, more than all of a short run; and all that the test
# itself may take: where the failure does not come again, it goes on where the first was thrown out.
MOST_TIMES = 2.0


def unrepeatable_because(first: Outcome, machine: PreparedMachine) -> str:
    """Why a run in real time cannot be made a second time; empty: it can."""
    if machine.kernel_index is None:
        return "the target has no index of its kernel"
    return LIVE_CHANNEL if machine.spec.control else cut_because(first)


def recorder_of(machine: PreparedMachine, real: RealCause) -> Recorder:
    """The host's side of the recorder of a second run.

    Raises:
        UsageError, InfraError: the kernel cannot be read.
    """
    kernel = Kernel.open(machine.spec.kernel, machine.kernel_index)
    recording = recording_of(
        kernel,
        real.cause,
        waits_ns=real.waits_ns,
        subject=real.subject,
        kernel_thread=real.kernel_thread,
    )
    return Recorder(kernel, recording)


def run_again(
    first: Outcome,
    recorder: Recorder,
    machine: PreparedMachine,
    directory: Path,
    termination: Termination,
    *,
    sources: Sequence[Source] = (),
    budget: Budget = UNLIMITED,
    looks: Sequence[Part] | None = None,
) -> Rerun:
    """Runs the plan of `first` with the recorder; the second guest's files are in `directory`.

    Raises:
        UsageError: no time is left for it; nothing was started.
    """
    return rerun(
        first,
        machine,
        directory,
        termination,
        budget.share(_limit_s(first, machine)),
        refusal="cannot be run again: ",
        watch=Watch(hear=recorder.hear, standing=recorder.stands),
        sources=sources,
        looks=looks,
        files={RECORDING_PATH: recorder.recording.encoded()},
    )


def _limit_s(first: Outcome, machine: PreparedMachine) -> float:
    """Host seconds that a second run may take, whatever comes of it."""
    own_s = scaled(body_s(first.run.plan), machine.accel, machine.spec.topology.cpus)
    return MOST_TIMES * first.wall_s.get("total", 0.0) + own_s + sum(map(labour_s, Labour))
