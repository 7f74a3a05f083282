# SPDX-License-Identifier: Apache-2.0
"""How long guests took, by the host part of their results (result.json, of any ktstr so far)."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ktstr.model.errors import InfraError
from tests.benchmarks.compare.figures import Readings

_TOTAL = "total"


@dataclass(frozen=True)
class Guest:
    """One guest: whether it had a scheduler of its own, and the host's seconds of its phases."""

    under_ext: bool
    wall_s: Mapping[str, float]


def read_guests(logs: Path) -> list[Guest]:
    """Of all results below a folder of test logs, by their paths; without those of no guest.

    Raises:
      InfraError: a result cannot be read.
    """
    return list(_guests(sorted(logs.rglob("result.json"))))


def readings_of(guests: Sequence[Guest]) -> Readings:
    """Number and median wall time under sched_ext and under EEVDF; what has none is missing."""
    found: dict[str, float] = {}
    for name, under_ext in (("ext", True), ("eevdf", False)):
        took = [
            each.wall_s[_TOTAL]
            for each in guests
            if each.under_ext is under_ext and _TOTAL in each.wall_s
        ]
        if took:
            found[f"{name}_guests"] = len(took)
            found[f"{name}_guest_s"] = statistics.median(took)
    return found


def phases_of(guests: Sequence[Guest]) -> dict[str, dict[str, float]]:
    """Median seconds of each phase that results name, by scheduler class."""
    found: dict[str, dict[str, float]] = {}
    for name, under_ext in (("ext", True), ("eevdf", False)):
        took: dict[str, list[float]] = {}
        for guest in guests:
            if guest.under_ext is under_ext:
                for phase, seconds in guest.wall_s.items():
                    took.setdefault(phase, []).append(seconds)
        found[name] = {phase: statistics.median(each) for phase, each in took.items()}
    return found


def _guests(paths: Sequence[Path]) -> Iterator[Guest]:
    for path in paths:
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            guest = _guest(found)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InfraError(f"checkouts: {path} is no result of a test: {error!r}") from error
        if guest.wall_s:
            yield guest


def _guest(found: Mapping[str, Any]) -> Guest:
    wall = found.get("host", {}).get("wall", ())
    # protobuf's JSON form leaves out what is 0; under EEVDF there is an entry without a name
    return Guest(
        under_ext=any(each.get("name") for each in found.get("schedulers", ())),
        wall_s={each["name"]: float(each.get("seconds", 0.0)) for each in wall},
    )
