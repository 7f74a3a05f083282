# SPDX-License-Identifier: Apache-2.0
"""One run of a ktstr test on a farm, held against a local one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ktstr.result.read import read_result

_RESULT = "result.pb"


@dataclass(frozen=True)
class Run:
    """What Bazel said of one run of a target, and what the run left.

    Attributes:
      verdicts: of each attempt and shard, as Bazel reported them.
      facts: of each test function, by its directory: its result without what may differ.
      why: Bazel's last words; "" is a run that Bazel had a verdict of.
    """

    verdicts: tuple[tuple[str, str], ...]
    facts: Mapping[str, bytes] = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True)
class Compared:
    """What is wrong with a run, each in words; nothing is wrong with most."""

    wrong: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()


def facts_of(logs: Path) -> dict[str, bytes]:
    """The results below a target's directory in bazel-testlogs, but for their `host`.

    Raises:
      UsageError: a file holds no result.
    """
    found = {}
    for path in sorted(logs.rglob(_RESULT)):
        result = read_result(path)
        result.ClearField("host")
        found[str(path.parent.relative_to(logs))] = result.SerializeToString(deterministic=True)
    return found


def compared(run: Run, reference: Run) -> Compared:
    """What is wrong with a run, when the reference is right."""
    if run.why:
        return Compared(lost=(f"no verdict: {run.why}",))
    wanted, got = sorted(reference.verdicts), sorted(run.verdicts)
    wrong = [f"{label} {status}" for label, status in got if (label, status) not in wanted]
    wrong += [
        f"other facts: {name}"
        for name, facts in run.facts.items()
        if facts != reference.facts.get(name, facts)
    ]
    lost = [f"no result: {name}" for name in reference.facts if name not in run.facts]
    doubled = [f"not there locally: {name}" for name in run.facts if name not in reference.facts]
    if len(got) < len(wanted):
        lost.append(f"{len(got)} reports for {len(wanted)}")
    if len(got) > len(wanted):
        doubled.append(f"{len(got)} reports for {len(wanted)}")
    return Compared(tuple(wrong), tuple(lost), tuple(doubled))
