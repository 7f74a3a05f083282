# SPDX-License-Identifier: Apache-2.0
"""The sampler's process: told of cgroups and phases, asked for what it measured (ktstr/sampler)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ktstr.guest.service import PROGRAM, Service, UnavailableError
from ktstr.model.histogram import Histogram
from ktstr.model.samples import SamplerFacts, SamplerProgram, SchedSample

if TYPE_CHECKING:
    from ktstr.guest.port import Sink
    from ktstr.guest.reactor import Reactor

OBJECT = "/sampler/sampler.bpf.o"


class Sampler:
    """Measures the tasks of the cgroups that it is told of, phase by phase, and emits samples.

    Its process is a child of this one, as the workers are: that is how it knows them.  Nothing of
    it raises: what goes wrong is the `error` of its facts, which makes the test INCONCLUSIVE.
    """

    def __init__(self, reactor: Reactor, sink: Sink, program: str = PROGRAM) -> None:
        self._sink = sink
        self._service = Service(reactor, program, "sampler", OBJECT)
        self._error = ""
        self._ready_ns: int | None = None
        self._names: dict[int, str] = {}
        # (step, when it began) by the number of the phase
        self._phases: list[tuple[int | None, int]] = []

    def start(self) -> None:
        """Starts it and waits until its programs are attached."""
        try:
            self._service.start("attachment of its programs")
        except (OSError, UnavailableError) as error:
            self._error = f"cannot sample: {error}"
            return
        self._ready_ns = time.monotonic_ns()
        self._phases.append((None, self._ready_ns))

    def measure(self, cgroup: str, identity: int) -> None:
        """Measures a cgroup from now on; `identity` is the inode number of its directory."""
        self._names[identity] = cgroup
        self._request(f"cgroup {identity}")

    def turn(self, step: int | None) -> None:
        """The scenario is in `step` from now on, or between steps (None)."""
        self._phases.append((step, time.monotonic_ns()))
        self._request(f"phase {len(self._phases) - 1}")

    def report(self) -> None:
        """Emits the samples of the phases that are over."""
        self._request("drain")

    def finish(self) -> None:
        """Ends it; emits the last samples, and its own account."""
        ended_ns = time.monotonic_ns()
        self._phases.append((None, ended_ns))
        account = self._request("quit")
        programs = tuple(
            SamplerProgram(each["program"], each["runs"], each["run_time_ns"], each["missed"])
            for each in account
            if "program" in each
        )
        dropped = sum(each["dropped"] for each in account if "dropped" in each)
        self._sink.emit(SamplerFacts(self._error, dropped, self._ready_ns, ended_ns, programs))
        # what it is asked from now on would go to whoever has its descriptors
        self._error = self._error or "it has ended"
        self._service.end()

    def _request(self, line: str) -> list[dict[str, Any]]:
        """Sends a request, emits the samples of its answer, and returns what else was answered."""
        if self._error:
            return []
        try:
            answer = self._service.ask(line)
        except (OSError, UnavailableError) as error:
            self._error = f"stopped sampling: {error}"
            return []
        for each in answer:
            if "cgroup" in each:
                self._sink.emit(self._sample(each))
        return [each for each in answer if "cgroup" not in each]

    def _sample(self, found: dict[str, Any]) -> SchedSample:
        step, started_ns = self._phases[found["phase"]]
        return SchedSample(
            step=step,
            started_ns=started_ns,
            ended_ns=self._phases[found["phase"] + 1][1],
            cgroup=self._names[found["cgroup"]],
            pid=found["pid"] or None,
            wake=_histogram(found, "wake"),
            run_delay=_histogram(found, "run_delay"),
            off_cpu=_histogram(found, "off_cpu"),
            switches=found["switches"],
            migrations=found["migrations"],
        )


def _histogram(found: dict[str, Any], key: str) -> Histogram:
    if key not in found:
        return Histogram({})
    values = found[key]
    buckets = {int(index): count for index, count in values["buckets"].items()}
    return Histogram(buckets, values["count"], values["total"], values["maximum"])
