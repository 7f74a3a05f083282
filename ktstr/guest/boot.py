# SPDX-License-Identifier: Apache-2.0
"""The agent's first stage, run as a file by /init: says hello, then becomes the agent.

Nothing imports it.  Until hello is out it imports no more than that needs.
"""

from __future__ import annotations

import os
import sys
import termios

from ktstr.guest.start.hello import (
    PLAN,
    TEMPLATE,
    hello_body,
    hello_frame,
    open_port,
    write_all,
)
from ktstr.guest.system.sysfs import contents


def main() -> None:
    """Says hello, then runs the agent; a guest that is to be saved and cloned does so later."""
    port = open_port()
    if os.access(TEMPLATE, os.F_OK):
        from ktstr.guest.start.parking import run_clone

        status = run_clone(port)
    else:
        plan = contents(PLAN)
        write_all(port, hello_frame(hello_body(plan)))
        from ktstr.guest.agent import run
        from ktstr.guest.start.adopt import settle

        status = run(port, plan, settle)
    termios.tcdrain(port)  # the machine ends next, and what is in the kernel's buffer with it
    sys.exit(status)


if __name__ == "__main__":
    main()
