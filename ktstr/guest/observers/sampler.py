# SPDX-License-Identifier: Apache-2.0
"""The sampler's process: told of cgroups and phases, asked for what it measured (ktstr/sampler)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ktstr.guest.observers.observer import Observer
from ktstr.guest.system.service import SAMPLER, Service, UnavailableError
from ktstr.model.histogram import Histogram
from ktstr.model.wire.samples import SamplerFacts, SamplerProgram, SchedSample

if TYPE_CHECKING:
    from ktstr.guest.system.port import Sink
    from ktstr.guest.system.reactor import Reactor

OBJECT = "/sampler/sampler.bpf.o"


class Sampler(Observer):
    """Measures the tasks of the cgroups that it is told of, phase by phase, and emits samples.

    Its process is a child of this one, as the workers are: that is how it knows them.  An `error`
    of its facts makes the test INCONCLUSIVE.
    """

    def __init__(self, reactor: Reactor, sink: Sink, program: str = SAMPLER) -> None:
        super().__init__(Service(reactor, program, "sampler", OBJECT), "stopped sampling:")
        self._sink = sink
        self._ready_ns: int | None = None

    def start(self) -> None:
        """Starts it and waits until its programs are attached."""
        try:
            self._service.start("attachment of its programs")
        except (OSError, UnavailableError) as error:
            self._error = f"cannot sample: {error}"
            return
        self._ready_ns = self._enter(None)

    def report(self) -> None:
        """Emits the samples of the phases that are over."""
        self._emit(self._request("drain"))

    def finish(self) -> None:
        """Ends it; emits the last samples, and its own account."""
        ended_ns = self._enter(None)
        account = self._request("quit")
        self._emit(account)
        programs = tuple(
            SamplerProgram(each["program"], each["runs"], each["run_time_ns"], each["missed"])
            for each in account
            if "program" in each
        )
        dropped = sum(each["dropped"] for each in account if "dropped" in each)
        self._sink.emit(SamplerFacts(self._error, dropped, self._ready_ns, ended_ns, programs))
        self.dismiss()

    def _emit(self, answer: list[dict[str, Any]]) -> None:
        for each in answer:
            if "cgroup" in each:
                self._sink.emit(self._sample(each))

    def _sample(self, found: dict[str, Any]) -> SchedSample:
        return SchedSample(
            *self._span(found["phase"]),
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
