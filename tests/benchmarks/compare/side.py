# SPDX-License-Identifier: Apache-2.0
"""One of the two checkouts: Bazel in it, with an output base of its own, and what is measured.

Kernel and roots are made before anything is measured, with whatever caches the checkout's rc files
name; what is measured knows no disk cache. So all else is cold, and each measured command has a new
server.
"""

from __future__ import annotations

import json
import re
import shlex
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from ktstr.model.errors import InfraError
from tests.benchmarks.compare import guests, profile
from tests.benchmarks.compare.checkout import Checkout
from tests.benchmarks.compare.figures import Readings
from tests.benchmarks.compare.place import free_bytes
from tests.benchmarks.compare.report import Phases
from tests.support.nested import Ended, NestedBazel
from tools.scale.invocation import Invocation, read_invocation

_DEADLINE_S = 4 * 3600
_END_S = 60
_TESTS_FAILED = 3
_TOLD_LINES = 25
_GIB, _MIB, _KIB = 1 << 30, 1 << 20, 1 << 10
_PROGRAMS = "//sched/fifo:programs_test"
_ANALYSED = re.compile(r"^INFO: Analyzed (\d+) targets", re.MULTILINE)
_RUSAGE = Path(__file__).with_name("rusage.py")
# Nothing of an earlier command, but what the output base has.
_COLD = ("--disk_cache=", "--remote_cache=", "--remote_executor=")
# A later command without the cache needs the files themselves.
_WARM = ("--remote_download_outputs=all", "--experimental_convenience_symlinks=ignore")


@dataclass(frozen=True)
class Asked:
    """What both checkouts do.

    Attributes:
      targets: patterns that are tested; empty: none.
      kernels: targets that are made before.
      analysis: a pattern whose analysis is measured; empty: none.
      memory: a test whose memory is measured; empty: none.
      jobs: Bazel's --jobs, of all commands.
    """

    targets: Sequence[str]
    kernels: Sequence[str]
    analysis: str
    memory: str
    jobs: int

    @property
    def patterns(self) -> Sequence[str]:
        """All whose repositories are fetched before anything is measured."""
        several = (*self.kernels, *self.targets, self.analysis, self.memory)
        return tuple(dict.fromkeys(filter(None, several)))


class Side:
    """Bazel in a checkout; `close` ends it."""

    def __init__(self, checkout: Checkout, place: Path, asked: Asked) -> None:
        """Output base and all files are made in `place`, a folder of its own."""
        place.mkdir()
        self.checkout = checkout
        self.phases: list[Phases] = []
        self._place, self._asked = place, asked
        self._fetched = False  # repositories stay when all else is removed
        self._base = place / "base"
        self._bazel = NestedBazel(checkout.folder / "tools/bazel", checkout.folder, self._base)

    def prepare(self) -> None:
        """As before each round: repositories, roots and kernels are there, and nothing else."""
        self._run("clean")
        if self._asked.kernels:
            self._run("build", *_WARM, *self._asked.kernels)
        if not self._fetched:
            self._run("build", *_WARM, "--nobuild", *self._asked.patterns)
            self._fetched = True
        self._bazel.shutdown()

    def analyse(self) -> Readings:
        """Analysis of everything on a new server, and that server's memory."""
        ended, told = self._measured(
            "build", "--nobuild", f"--memory_profile={self._place}/heap", self._asked.analysis
        )
        analysis_s = profile.read_profile(self._profile).analysis_s
        found = self._server_took()
        analysed = _ANALYSED.search(ended.stderr)
        if analysed is not None:
            found["analysed"] = float(analysed[1])
        if told.server_bytes:
            found["heap_mib"] = told.server_bytes / _MIB
        if analysis_s is not None:
            found["analysis_s"] = analysis_s
        self._bazel.shutdown()
        return found

    def test(self) -> Readings:
        """All targets, on a new server."""
        ended, told = self._measured("test", *self._testing(), *self._asked.targets)
        seen = profile.read_profile(self._profile)
        found = guests.read_guests(self._logs())
        self.phases.append(guests.phases_of(found))
        readings = {
            "wall_s": told.wall_s,
            "failed": float(_failed(ended)),
            **profile.readings_of(seen),
            **guests.readings_of(found),
        }
        if told.analysis_s:
            readings["phase_s"] = told.analysis_s
        programs_s = profile.test_seconds(seen, _PROGRAMS)
        if programs_s is not None:
            readings["programs_s"] = programs_s
        self._bazel.shutdown()
        return readings

    def remember(self) -> Readings:
        """The memory of one test, run once more with a program around it."""
        code = _RUSAGE.read_text(encoding="utf-8")
        around = shlex.join(["/usr/bin/env", "python3", "-c", code])
        self._measured("test", *self._testing(), f"--run_under={around}", self._asked.memory)
        peaks = [
            int(json.loads(each.read_text(encoding="ascii"))["peak_kib"]) * _KIB
            for each in self._logs().rglob("rusage.json")
        ]
        self._bazel.shutdown()
        return {"test_mib": max(peaks) / _MIB} if peaks else {}

    def build_kernel(self) -> Readings:
        """A kernel without any cache."""
        self._run("clean")
        self._bazel.shutdown()
        self._measured("build", *self._asked.kernels)
        self._bazel.shutdown()
        return profile.kernel_of(profile.read_profile(self._profile))

    def close(self) -> None:
        """Ends the server, and what it runs."""
        server = self._server()
        if server is None:
            return
        try:
            self._bazel.shutdown()
        except subprocess.TimeoutExpired:
            self._bazel.kill()
        psutil.wait_procs([server], timeout=_END_S)

    @property
    def _profile(self) -> Path:
        return self._place / "profile.gz"

    def _testing(self) -> Sequence[str]:
        return (
            "--keep_going",
            "--local_test_jobs=auto",
            "--nocache_test_results",
            "--nozip_undeclared_test_outputs",
            "--test_output=errors",
        )

    def _measured(self, command: str, *words: str) -> tuple[Ended, Invocation]:
        """A command of which all is recorded."""
        ended = self._run(
            command,
            *_COLD,
            *_WARM,
            "--noslim_profile",
            f"--profile={self._profile}",
            *words,
        )
        return ended, read_invocation(self._base.with_name("base.events.json"))

    def _run(self, command: str, *words: str) -> Ended:
        jobs = (f"--jobs={self._asked.jobs}",) if command in ("build", "test") else ()
        try:
            ended = self._bazel.start(command, *jobs, *words).wait(_DEADLINE_S)
        except subprocess.TimeoutExpired as error:
            raise InfraError(
                f"checkouts: in {self.checkout.folder} `bazel {command} {' '.join(words)}` did not "
                f"end in {_DEADLINE_S} s; run it there by hand to see why"
            ) from error
        allowed = (0, _TESTS_FAILED) if command == "test" else (0,)
        if ended.code not in allowed:
            told = "\n".join(ended.stderr.splitlines()[-_TOLD_LINES:])
            raise InfraError(
                f"checkouts: in {self.checkout.folder} `bazel {command} {' '.join(words)}` ended "
                f"with {ended.code}, with {free_bytes(self._place) / _GIB:.1f} GiB free in "
                f"{self._place}; mend that first. It said last:\n{told}"
            )
        return ended

    def _logs(self) -> Path:
        """Where the tests of the last command left what they leave."""
        return Path(self._run("info", "bazel-testlogs").stdout.strip())

    def _server(self) -> psutil.Process | None:
        try:
            text = (self._base / "server/server.pid.txt").read_text(encoding="ascii")
            return psutil.Process(int(text))
        except (OSError, ValueError, psutil.NoSuchProcess):
            return None

    def _server_took(self) -> dict[str, float]:
        """CPU time of the server so far, and what it had resident at most.

        The latter is VmHWM of /proc/PID/status, in kB (Linux 6.12, fs/proc/task_mmu.c).
        """
        server = self._server()
        if server is None:
            raise InfraError(f"checkouts: Bazel's server of {self.checkout.folder} is gone")
        times = server.cpu_times()
        found = {"analysis_cpu_s": times.user + times.system}
        status = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii")
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                found["server_mib"] = int(line.split()[1]) * _KIB / _MIB
        return found


def phases_of(rounds: Sequence[Phases]) -> dict[str, dict[str, float]]:
    """Medians of the rounds, by class and phase."""
    found: dict[str, dict[str, list[float]]] = {}
    for each in rounds:
        for name, phases in each.items():
            for phase, seconds in phases.items():
                found.setdefault(name, {}).setdefault(phase, []).append(seconds)
    return {
        name: {phase: statistics.median(each) for phase, each in phases.items()}
        for name, phases in found.items()
    }


def _failed(ended: Ended) -> int:
    """Tests that did not pass in all their shards."""
    return len({label for label, status in ended.built.verdicts if status != "PASSED"})
