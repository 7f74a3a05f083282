# SPDX-License-Identifier: Apache-2.0
"""Those who look into guests, in the order in which a watch has their probes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from ktstr.introspect.plugin.part import Part
from ktstr.model.scenario.inside import Snapshot

if TYPE_CHECKING:
    from ktstr.introspect.coverage.part import Sources


def asked_parts(asked: Collection[str], sources: Sources | None = None) -> tuple[Part, ...]:
    """Those who look where somebody asks for them by name, which is that of what they make.

    sources: where coverage has its lines from; None: of the kernel from nowhere.
    """
    made: list[Part] = []
    if "decisions" in asked:
        from ktstr.introspect.trace.part import TracePart

        made.append(TracePart())
    if "op_costs" in asked:
        from ktstr.introspect.costs.part import CostPart

        made.append(CostPart())
    if "coverage" in asked:
        from ktstr.introspect.coverage.part import CoveragePart
        from ktstr.introspect.coverage.part import Sources as Lines

        made.append(CoveragePart(sources or Lines()))
    return tuple(made)


def snapshot_parts(snapshots: Sequence[Snapshot]) -> tuple[Part, ...]:
    """Those who take the snapshots that a test declares."""
    if not snapshots:
        return ()
    from ktstr.introspect.occasions.part import Snapshots

    return (Snapshots(snapshots),)


def answering_parts() -> tuple[Part, ...]:
    """Those who take part in a run, as a guest may ask them: without them it is another one."""
    from ktstr.introspect.asking.part import AskingPart

    return (AskingPart(),)


def parts() -> tuple[Part, ...]:
    """All of them. Each is imported here, late: a guest that nobody looks into pays for none."""
    from ktstr.introspect.invariants.part import Invariants
    from ktstr.introspect.monitor.part import Monitor
    from ktstr.introspect.postmortem.first_cause import ErrorPart
    from ktstr.introspect.replay.moments import MomentPart

    return (Monitor(), Invariants(), ErrorPart(), *answering_parts(), MomentPart())
