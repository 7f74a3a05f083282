# SPDX-License-Identifier: Apache-2.0
"""The console of a saved run, read again."""

from __future__ import annotations

from pathlib import Path

from ktstr.console.classify import classify
from ktstr.console.findings import ConsoleFinding
from ktstr.model.errors import UsageError

# the kernel stamps its messages (ktstr.vm.command.machine), unless the target says otherwise
# behind that
_STAMPS = "printk.time"


def read_console(folder: Path) -> tuple[ConsoleFinding, ...] | None:
    """What console.log in a test's `folder` says today; None where it or qemu.cmd is not there.

    Raises:
        UsageError: one of them is there and cannot be read.
    """
    try:
        text = (folder / "console.log").read_bytes().decode(errors="replace")
        command = (folder / "qemu.cmd").read_bytes().decode(errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"cannot read the console in {folder}: {error.strerror}") from error
    return classify(text, stamped=command.count(_STAMPS) == 1)
