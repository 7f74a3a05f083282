# SPDX-License-Identifier: Apache-2.0
"""Payloads in the guest: started, followed, ended, and told of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ktstr.guest.payload.run import Payloads
    from ktstr.guest.system.cgroups import CgroupTree
    from ktstr.guest.system.reactor import Reactor
    from ktstr.model.plan import Plan


def payloads_of(plan: Plan, tree: CgroupTree, reactor: Reactor) -> Payloads | None:
    """The plan's payloads, to be started; None if it has none."""
    if not plan.payloads:
        return None
    # every guest would pay for the import, and few have payloads
    from ktstr.guest.payload.run import Payloads

    return Payloads(plan.payloads, tree, reactor)
