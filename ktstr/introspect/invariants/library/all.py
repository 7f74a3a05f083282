# SPDX-License-Identifier: Apache-2.0
"""All invariants, in the order of documents and reports."""

from __future__ import annotations

from ktstr.introspect.invariants.invariant import Invariant
from ktstr.introspect.invariants.library.clamps import CLAMPS
from ktstr.introspect.invariants.library.ext import EXT
from ktstr.introspect.invariants.library.fair import FAIR
from ktstr.introspect.invariants.library.flat import FLAT
from ktstr.introspect.invariants.library.groups import GROUPS
from ktstr.introspect.invariants.library.nested import NESTED
from ktstr.introspect.invariants.library.pelt import PELT
from ktstr.introspect.invariants.library.queues import QUEUES
from ktstr.introspect.invariants.library.realtime import REALTIME
from ktstr.introspect.invariants.library.tree import TREES

INVARIANTS: tuple[Invariant, ...] = (
    *QUEUES,
    *FAIR,
    *NESTED,
    *FLAT,
    *TREES,
    *GROUPS,
    *PELT,
    *REALTIME,
    *EXT,
    *CLAMPS,
)
