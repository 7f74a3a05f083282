# SPDX-License-Identifier: Apache-2.0
"""What the sampler and the witness share: names of cgroups, phases, and how they are asked."""

from __future__ import annotations

import json
import time
from typing import Any

from ktstr.guest.system.service import Service, UnavailableError


class Observer:
    """A process that observes the tasks of cgroups, phase by phase.

    Nothing of it raises: what goes wrong is the `error` of its facts.  `stopped`: how that begins
    where it could not go on.
    """

    def __init__(self, service: Service, stopped: str) -> None:
        self._service, self._stopped = service, stopped
        self._error = ""
        self._names: dict[int, str] = {}
        # (step, when it began) by the number of the phase
        self._phases: list[tuple[int | None, int]] = []

    def measure(self, cgroup: str, identity: int) -> None:
        """Observes a cgroup from now on; `identity` is the inode number of its directory."""
        self._names[identity] = cgroup
        self._request(f"cgroup {identity}")

    def turn(self, step: int | None) -> None:
        """The scenario is in `step` from now on, or between steps (None)."""
        self._enter(step)
        self._request(f"phase {len(self._phases) - 1}")

    def dismiss(self) -> None:
        """Ends it without a word."""
        # what it is asked from now on would go to whoever has its descriptors
        self._error = self._error or "it has ended"
        self._service.end()

    def _enter(self, step: int | None) -> int:
        """A phase begins; returns its time."""
        now_ns = time.monotonic_ns()
        self._phases.append((step, now_ns))
        return now_ns

    def _span(self, phase: int) -> tuple[int | None, int, int]:
        """Step, start and end of a phase that is over."""
        step, started_ns = self._phases[phase]
        return step, started_ns, self._phases[phase + 1][1]

    def _request(self, line: str) -> list[dict[str, Any]]:
        return [json.loads(each) for each in self._lines(line)]

    def _lines(self, line: str) -> list[bytes]:
        """The records of an answer as they came; none once something went wrong."""
        if self._error:
            return []
        try:
            return self._service.ask(line)
        except (OSError, UnavailableError) as error:
            self._error = f"{self._stopped} {error}"
            return []
