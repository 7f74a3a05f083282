# SPDX-License-Identifier: Apache-2.0
"""How a machine ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# the name of the deadline that stands for Bazel's own: passing it accuses nobody
OUT_OF_TIME = "the test's share of Bazel's timeout"


class EndingKind(StrEnum):
    """Why a machine is no longer running."""

    EXITED = "exited"  # the guest powered off or rebooted, QEMU exited in order
    PANICKED = "panicked"  # pvpanic event, or a panic on the console
    DEADLINE = "deadline"  # a host deadline passed; `detail` is its name, or "OUTER, in INNER"
    KILLED = "killed"  # QEMU died of a signal that we did not send; `detail` names it
    QEMU_ERROR = "qemu_error"  # QEMU did not start or exited with an error; `detail` is its text
    TERMINATED = "terminated"  # the runner itself was told to stop (SIGTERM, SIGINT)


@dataclass(frozen=True)
class Ending:
    """How a machine ended.  `detail` must be the same for two identical runs."""

    kind: EndingKind
    detail: str = ""
