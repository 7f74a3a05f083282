# SPDX-License-Identifier: Apache-2.0
"""invariants: what always holds in a correct scheduler held at every instant that was looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ktstr.introspect.invariants.findings import Broken, InvariantFindings, Lacked
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord

# of those that a kernel lacks, in a message
_NAMED = 4
# the layer of a check that nobody asked for by name
_DEFAULT = "default"


def invariants(run: RunRecord) -> list[Detail]:
    """A FAIL for each invariant that did not hold, by the first time that it did not.

    Where nothing could be looked at, or one of them not, the run is INCONCLUSIVE if it was asked
    for by name; but for what the kernel was built without. Unless it was, those of a kernel in
    which they were not seen to hold yet are remarks.
    """
    if not run.plan.checks.invariants:
        return []
    found = run.invariants or InvariantFindings(problem="no guest was looked into")
    details = list(_failed(found)) if found.proven or asked_by_name(run) else []
    if not asked_by_name(run):
        return details
    unknown = ""
    if not found.looks:
        why = found.problem or "no instant at which one looks came"
        unknown = f"nothing could be told of any: {why}"
    elif lacked := _lacked(found):
        unknown = f"{len(lacked)} of them cannot be looked at in this kernel: {_named(lacked)}"
    if unknown:
        message = f"invariants were asked for, and {unknown}"
        details.append(Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE))
    return details


def invariant_remarks(run: RunRecord) -> tuple[str, ...]:
    """What did not hold in a kernel of which nobody knows yet whether it has to.

    Where they were asked for by name, of which of them this kernel has nothing.
    """
    found = run.invariants
    if found is None or not run.plan.checks.invariants:
        return ()
    if asked_by_name(run):
        return tuple(_without(found))
    if found.proven:
        return ()
    return tuple(
        f"{detail.message}; not judged: nobody has yet seen that it always holds in such a kernel"
        for detail in _failed(found)
    )


def asked_by_name(run: RunRecord) -> bool:
    """Whether a layer above the default asks for them."""
    return run.plan.check_layers.get("invariants", _DEFAULT) != _DEFAULT


def were_told(run: RunRecord) -> bool:
    """Whether anything could be told of an invariant that the run is judged by."""
    found = run.invariants
    return found is not None and found.looks > 0 and (found.proven or asked_by_name(run))


def lack_one(run: RunRecord) -> bool:
    """Whether one that was asked for by name cannot be looked at in this kernel."""
    return asked_by_name(run) and bool(_lacked(run.invariants or InvariantFindings()))


def invariant_words(run: RunRecord) -> str:
    """What a PASS rests on."""
    found = run.invariants or InvariantFindings()
    told = sum(1 for each in found.counted if each.held and not each.failed)
    return f"{told} invariants of the kernel held at {found.looks} looks"


def _lacked(found: InvariantFindings) -> list[Lacked]:
    """Those of what the kernel has, as far as can be told, and that cannot be looked at."""
    return [each for each in found.lacked if not each.option]


def _named(lacked: Sequence[Lacked]) -> str:
    more = f"; and {len(lacked) - _NAMED} more" if len(lacked) > _NAMED else ""
    return "; ".join(f"{each.name} ({each.reason})" for each in lacked[:_NAMED]) + more


def _without(found: InvariantFindings) -> Iterator[str]:
    """One remark for each option that the kernel was built without."""
    for option in dict.fromkeys(each.option for each in found.lacked if each.option):
        names = ", ".join(each.name for each in found.lacked if each.option == option)
        yield f"the kernel is built without {option}, and has nothing of which these speak: {names}"


def _failed(found: InvariantFindings) -> Iterator[Detail]:
    counts = {each.name: each for each in found.counted}
    firsts: dict[str, Broken] = {}
    for each in found.broken:
        firsts.setdefault(each.name, each)
    for name, count in counts.items():
        if name in firsts:
            yield Detail(Kind.INVARIANT, _message(firsts[name], count.failed), subject=name)
        elif count.failed:
            message = f"{name} did not hold {_times(count.failed)}; no record says where"
            yield Detail(Kind.INVARIANT, message, subject=name)


def _message(broken: Broken, failed: int) -> str:
    terms = ", ".join(term.says() for term in broken.terms)
    whose = (
        "a BPF scheduler can break it"
        if broken.of_scheduler
        else "no scheduler in BPF can break it"
    )
    where = f"{broken.instant} on CPU {broken.cpu} with {broken.task}[{broken.pid}] there"
    when = f"{broken.clock_ns / 1e9:.9f} s by its runqueue's clock"
    return (
        f"{broken.name} did not hold {_times(failed)}, first at the {where}, {when}: {broken.says} "
        f"{terms or 'It has no terms'} ({broken.source}; {whose})"
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
