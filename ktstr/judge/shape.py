# SPDX-License-Identifier: Apache-2.0
"""What the guest says it is, compared with what was asked for."""

from __future__ import annotations

from ktstr.model.checks import Detail, Kind, Verdict
from ktstr.model.cpulist import format_cpulist, parse_cpulist
from ktstr.model.errors import UsageError
from ktstr.model.facts import PROTOCOL, Hello
from ktstr.model.plan import Plan
from ktstr.model.topology import Topology, TopologyView


def seen_view(hello: Hello) -> TopologyView:
    """The topology that the guest read from its sysfs.

    Raises:
        UsageError: a CPU list is malformed.
    """
    llcs, nodes, cores = (
        tuple(sorted((parse_cpulist(part) for part in parts), key=sorted))
        for parts in (hello.llcs, hello.nodes, hello.cores)
    )
    return TopologyView(llcs=llcs, nodes=nodes, cores=cores)


def identity(plan: Plan, hello: Hello) -> list[Detail]:
    """INCONCLUSIVE when the guest speaks another protocol or was given another plan."""
    details = []
    if hello.protocol != PROTOCOL:
        message = (
            f"the guest speaks protocol {hello.protocol}, this runner {PROTOCOL}: "
            f"the initramfs was built from other sources; rebuild the target"
        )
        details.append(Detail(Kind.INFRA, message, Verdict.INCONCLUSIVE))
    if hello.plan_digest != plan.digest():
        message = (
            f"the guest read plan {hello.plan_digest[:12] or 'none'} where "
            f"{plan.digest()[:12]} was given to it"
        )
        details.append(Detail(Kind.INFRA, message, Verdict.INCONCLUSIVE))
    return details


def topology(plan: Plan, hello: Hello) -> list[Detail]:
    """INCONCLUSIVE when the guest does not have the topology that the test is about."""
    asked = TopologyView.of(Topology.parse(plan.topology))
    try:
        seen, online = seen_view(hello), parse_cpulist(hello.online)
    except UsageError as error:
        message = f"the guest's topology cannot be read: {error}"
        return [Detail(Kind.TOPOLOGY, message, Verdict.INCONCLUSIVE)]
    differences = [
        f"{what} {_sets(found)} where {_sets(wanted)} was asked"
        for what, found, wanted in (
            ("online CPUs", (online,), (asked.cpus,)),
            ("LLCs", seen.llcs, asked.llcs),
            ("NUMA nodes", seen.nodes, asked.nodes),
            ("cores", seen.cores, asked.cores),
        )
        if set(found) != set(wanted)
    ]
    if not differences:
        return []
    message = f"the guest is not {plan.topology} but {seen.describe()}: " + "; ".join(differences)
    return [Detail(Kind.TOPOLOGY, message, Verdict.INCONCLUSIVE)]


def _sets(sets: tuple[frozenset[int], ...]) -> str:
    return " | ".join(format_cpulist(cpus) for cpus in sets) or "none"
