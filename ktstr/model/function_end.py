# SPDX-License-Identifier: Apache-2.0
"""How a test function, or a command, ended in the guest."""

from __future__ import annotations

from enum import StrEnum


class FunctionEnd(StrEnum):
    """The ways to end.

    returned, raised: by its own code.  exited, signalled: its process did, as a command does.
    deadline: it had not ended in its time, and was killed.
    """

    RETURNED = "returned"
    RAISED = "raised"
    EXITED = "exited"
    SIGNALLED = "signalled"
    DEADLINE = "deadline"
