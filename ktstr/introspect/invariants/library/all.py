# SPDX-License-Identifier: Apache-2.0
"""All invariants, in the order of documents and reports."""

from __future__ import annotations

from ktstr.introspect.invariants.invariant import Invariant
from ktstr.introspect.invariants.library.clamps import CLAMPS
from ktstr.introspect.invariants.library.ext import EXT
from ktstr.introspect.invariants.library.fair import FAIR
from ktstr.introspect.invariants.library.groups import GROUPS
from ktstr.introspect.invariants.library.pelt import PELT
from ktstr.introspect.invariants.library.queues import QUEUES
from ktstr.introspect.invariants.library.realtime import REALTIME

INVARIANTS: tuple[Invariant, ...] = (
    *QUEUES,
    *FAIR,
    *GROUPS,
    *PELT,
    *REALTIME,
    *EXT,
    *CLAMPS,
)
