# SPDX-License-Identifier: Apache-2.0
"""How long a machine takes until it is heard of."""

from ktstr.vm.events import Exited, Expired, FrameOutput, Interrupted
from ktstr.vm.vm import Vm


def first_bytes_s(machine: Vm, deadline_s: float) -> float:
    """Starts and ends the machine: seconds from QEMU's start to the first bytes on its frames port.

    Raises:
      SystemExit: there were none within `deadline_s` seconds; says what came instead.
    """
    with machine as vm:
        vm.start()
        vm.deadlines.start("first bytes", deadline_s)
        while True:
            event = vm.next_event()
            if isinstance(event, FrameOutput):
                return event.at_s
            if isinstance(event, Exited | Expired | Interrupted):
                raise SystemExit(f"{event}; console:\n{vm.files.console.read_text()}")
