# SPDX-License-Identifier: Apache-2.0
"""Parts of findings in words, on one printable line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ktstr.compare.finding import VERDICT, Comparison, Finding, Outcome
from ktstr.result.characters import one_line

_EEVDF = "EEVDF"
# What most readers of a list of findings want to hear of, in this order.
TOLD = (Outcome.WORSE, Outcome.MISSING, Outcome.UNDECIDED, Outcome.BETTER, Outcome.CHANGED)


def pair_words(pair: Mapping[str, str]) -> str:
    """E.g. `//sched/fifo:pairs_test::futex 1n2l2c2t linux_6_12 fifo virtual`."""
    label, test = pair.get("label", ""), pair.get("test", "")
    words = [f"{label}::{test}" if label and test else label or test]
    for name in ("source", "topology"):
        words.append(pair.get(name, ""))
    for name in ("kernel", "scheduler"):
        if name in pair:
            words.append(pair[name].rpartition(":")[2] or (_EEVDF if name == "scheduler" else ""))
    words.append(pair.get("accel", ""))
    if pair.get("seed", "1") != "1":
        words.append(f"seed {pair['seed']}")
    return one_line(" ".join(filter(None, words)))


def change_words(finding: Finding) -> str:
    """E.g. `40 -> 55 us, +37.5 %`; the reason where there are no two values."""
    if finding.base is None or finding.new is None or finding.figure == VERDICT:
        return one_line(finding.why)
    unit = f" {one_line(finding.unit)}" if finding.unit else ""
    words = f"{number(finding.base)} -> {number(finding.new)}{unit}"
    if finding.ratio is not None:
        words += f", {100 * finding.ratio:+.3g} %"
    return f"{words}; {one_line(finding.why)}" if finding.why else words


def sure_words(finding: Finding) -> str:
    """How sure it is, of boots in real time; empty in virtual time."""
    if finding.p is None:
        return ""
    words = f"{finding.boots[0]} and {finding.boots[1]} boots, p {finding.p:.2g}"
    found = finding.interval
    if found is None:
        return words
    return (
        f"{words}, {100 * found.confidence:g} % interval {number(found.low, signed=True)} to "
        f"{number(found.high, signed=True)}"
    )


def first_words(comparison: Comparison, finding: Finding) -> str:
    """From which event on the runs differ, where that was looked for."""
    return comparison.firsts.get(finding.facts, "") if finding.facts else ""


def counts_words(comparison: Comparison) -> str:
    """E.g. `2 worse, 1 better, 507 same`."""
    told = [*TOLD, Outcome.SAME]
    return ", ".join(f"{comparison.count(each)} {each}" for each in told if comparison.count(each))


def found_words(outcome: Outcome, found: Sequence[Finding]) -> str:
    """E.g. `worse: 12 figures of 3 tests`."""
    verdicts = sum(each.figure == VERDICT for each in found)
    parts = [f"{verdicts} verdicts"] if verdicts else []
    if len(found) > verdicts:
        parts.append(f"{len(found) - verdicts} figures")
    tests = len({tuple(each.pair.values()) for each in found})
    return f"{outcome}: {', '.join(parts)} of {tests} tests"


def number(value: float, *, signed: bool = False) -> str:
    """Five digits that count; whole numbers whole; `inf` and `nan` of results that say so."""
    sign = "+" if signed else ""
    if abs(value) < 1e15 and value == int(value):
        return f"{int(value):{sign}d}"
    return f"{value:{sign}.5g}"
