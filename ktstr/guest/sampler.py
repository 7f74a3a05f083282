# SPDX-License-Identifier: Apache-2.0
"""The sampler's process: told of cgroups and phases, asked for what it measured (ktstr/sampler)."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import TYPE_CHECKING, Any

from ktstr.guest.realtime import children_shielded
from ktstr.model.histogram import Histogram
from ktstr.model.samples import SamplerFacts, SamplerProgram, SchedSample

if TYPE_CHECKING:
    from ktstr.guest.port import Sink
    from ktstr.guest.reactor import Reactor

PROGRAM = "/sampler/ktstr-sampler"
OBJECT = "/sampler/sampler.bpf.o"
# the kernel reads its types, verifies and compiles five programs
_READY_S = 20.0
_ANSWER_S = 5.0
_KILL_S = 1.0
_NS = 1_000_000_000
_PIECE = 1 << 16


class _Unavailable(Exception):
    """It cannot measure, or not any more; the text says why."""


class Sampler:
    """Measures the tasks of the cgroups that it is told of, phase by phase, and emits samples.

    Its process is a child of this one, as the workers are: that is how it knows them.  Nothing of
    it raises: what goes wrong is the `error` of its facts, which makes the test INCONCLUSIVE.
    """

    def __init__(self, reactor: Reactor, sink: Sink, program: str = PROGRAM) -> None:
        self._reactor, self._sink, self._program = reactor, sink, program
        self._pid = self._pidfd = self._requests = self._answers = -1
        self._buffer = b""
        self._lines: list[bytes] = []
        self._ended = self._reaped = False
        self._error = ""
        self._ready_ns: int | None = None
        self._names: dict[int, str] = {}
        # (step, when it began) by the number of the phase
        self._phases: list[tuple[int | None, int]] = []

    def start(self) -> None:
        """Starts it and waits until its programs are attached."""
        try:
            self._spawn()
            self._await(_READY_S, "attachment of its programs")
        except (OSError, _Unavailable) as error:
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
        self._release()

    def _spawn(self) -> None:
        (stdin, self._requests), (self._answers, stdout) = os.pipe(), os.pipe()
        try:
            # real-time from its first instruction: the scheduler under test must not hold it up
            with children_shielded():
                self._pid = os.posix_spawn(
                    self._program,
                    [self._program, OBJECT],
                    os.environ,
                    file_actions=[
                        (os.POSIX_SPAWN_DUP2, stdin, 0),
                        (os.POSIX_SPAWN_DUP2, stdout, 1),
                    ],
                )
        finally:
            os.close(stdin)
            os.close(stdout)
        self._pidfd = os.pidfd_open(self._pid)
        self._reactor.watch(self._pidfd, self._reap)
        self._reactor.watch(self._answers, self._read)

    def _await_end(self, seconds: float) -> bool:
        deadline = time.monotonic_ns() + int(seconds * _NS)
        return self._reactor.wait(deadline, lambda: self._reaped)

    def _reap(self) -> None:
        os.waitpid(self._pid, 0)
        self._reaped = True
        self._reactor.forget(self._pidfd)

    def _read(self) -> None:
        data = os.read(self._answers, _PIECE)
        if not data:
            self._ended = True
            self._reactor.forget(self._answers)
            return
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        self._lines += lines

    def _request(self, line: str) -> list[dict[str, Any]]:
        """Sends a request, emits the samples of its answer, and returns what else was answered."""
        if self._error:
            return []
        try:
            os.write(self._requests, line.encode() + b"\n")
            answer = [json.loads(each) for each in self._await(_ANSWER_S, f"answer to {line!r}")]
        except (OSError, _Unavailable) as error:
            self._error = f"stopped sampling: {error}"
            return []
        for each in answer:
            if "cgroup" in each:
                self._sink.emit(self._sample(each))
        return [each for each in answer if "cgroup" not in each]

    def _await(self, seconds: float, what: str) -> list[bytes]:
        """The lines of an answer, without its last, `ok`."""
        deadline = time.monotonic_ns() + int(seconds * _NS)
        self._reactor.wait(deadline, lambda: self._ended or self._answered)
        if not self._answered:
            why = "it ended" if self._ended else f"{seconds:g} s were not enough"
            raise _Unavailable(f"no {what}: {why}")
        *lines, last = self._lines
        self._lines = []
        if last != b"ok":
            raise _Unavailable(last.decode(errors="replace").removeprefix("error "))
        return lines

    @property
    def _answered(self) -> bool:
        return bool(self._lines) and not self._lines[-1].startswith(b"{")

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

    def _release(self) -> None:
        if self._requests >= 0:
            os.close(self._requests)
            self._requests = -1
        if self._pid >= 0:
            # it ends with its input; one that does not, be it stuck, is killed
            if not self._await_end(_ANSWER_S):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
                # one that waits in the kernel for tasks that nobody runs ends with the machine
                self._await_end(_KILL_S)
            self._reactor.forget(self._pidfd)
            os.close(self._pidfd)
        if self._answers >= 0:
            self._reactor.forget(self._answers)
            os.close(self._answers)


def _histogram(found: dict[str, Any], key: str) -> Histogram:
    if key not in found:
        return Histogram({})
    values = found[key]
    buckets = {int(index): count for index, count in values["buckets"].items()}
    return Histogram(buckets, values["count"], values["total"], values["maximum"])
