# SPDX-License-Identifier: Apache-2.0
"""Which of the things that happened to a machine ended it."""

from __future__ import annotations

from ktstr.host.ending import Ending, EndingKind
from ktstr.model.exit_status import signal_name
from ktstr.vm.deadlines import Deadline
from ktstr.vm.events import OUTPUT_LIMIT, Exited, MachineEvent

_PANIC_EVENTS = frozenset({"GUEST_PANICKED", "GUEST_CRASHLOADED"})


def is_panic(event: MachineEvent) -> bool:
    """Whether the guest told pvpanic that its kernel gave up."""
    return event.name in _PANIC_EVENTS


def ending_of(
    exited: Exited, *, panicked: bool, expired: Deadline | None, interrupted: str
) -> Ending:
    """The ending that explains the others.

    A signal to us comes first, for we then end the machine ourselves; a panic before a deadline,
    because a guest that does not manage to reboot runs into one; QEMU's own status last.

    Args:
      exited: how QEMU ended.
      panicked: whether a pvpanic event or the console told of a panic.
      expired: the first deadline that passed, if any did.
      interrupted: the name of the signal that asked us to end, or empty.
    """
    if interrupted:
        return Ending(EndingKind.TERMINATED, interrupted)
    if panicked:
        return Ending(EndingKind.PANICKED)
    if expired is not None:
        return Ending(EndingKind.DEADLINE, _waited_for(expired))
    if exited.reason == OUTPUT_LIMIT:
        return Ending(EndingKind.QEMU_ERROR, OUTPUT_LIMIT)
    if exited.status < 0:
        return Ending(EndingKind.KILLED, signal_name(-exited.status))
    if exited.status > 0:
        return Ending(EndingKind.QEMU_ERROR, exited.log)
    return Ending(EndingKind.EXITED, exited.reason)


def _waited_for(expired: Deadline) -> str:
    # a wait that an outer deadline cut short did not have its own time: the outer one is over
    return f"{expired.cut_by}, in {expired.name}" if expired.cut_by else expired.name
