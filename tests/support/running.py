# SPDX-License-Identifier: Apache-2.0
"""Runs a ktstr_test target from within a test, the way Bazel would."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psutil
from runfiles import Runfiles

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


@dataclass(frozen=True)
class Ended:
    """A run that is over: exit status, what it printed, its outputs, and how long it took."""

    status: int
    text: str
    outputs: Path
    xml: Path
    seconds: float

    def results(self) -> dict[str, dict[str, Any]]:
        """The saved results of all tests that have one, by their names."""
        names = sorted(path.parent.name for path in self.outputs.glob("*/result.json"))
        return {name: self.result(name) for name in names}

    def result(self, test: str) -> dict[str, Any]:
        """The saved result of one test."""
        text = (self.outputs / test / "result.json").read_text(encoding="utf-8")
        result: dict[str, Any] = json.loads(text)
        return result

    def console(self, test: str) -> str:
        """The kernel console of one test."""
        return (self.outputs / test / "console.log").read_text(errors="replace")

    def cases(self) -> dict[str, str]:
        """JUnit: each case's name and `passed`, `failure`, `error` or `skipped`."""
        found = {}
        for case in ElementTree.parse(self.xml).getroot().iter("testcase"):
            marks = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
            found[case.attrib["name"]] = marks[0] if marks else "passed"
        return found


class Running:
    """A started run.  `close` ends it with all that belongs to it."""

    def __init__(
        self,
        launcher: str,
        directory: Path,
        *,
        test_filter: str = "",
        timeout_s: int = 240,
        environ: Mapping[str, str] | None = None,
        wrapper: Sequence[str] = (),
        arguments: Sequence[str] = (),
    ) -> None:
        """Starts the target whose launcher has this runfiles path; outputs go into `directory`."""
        runfiles = Runfiles.Create()
        assert runfiles is not None
        program = runfiles.Rlocation(launcher)
        assert program is not None, launcher
        self.outputs = directory / "outputs"
        self._xml = directory / "test.xml"
        self._text = directory / "stdout"
        (directory / "tmp").mkdir(parents=True)
        environment = {
            **os.environ,
            **runfiles.EnvVars(),
            "TESTBRIDGE_TEST_ONLY": test_filter,
            "TEST_PREMATURE_EXIT_FILE": str(directory / "premature"),
            "TEST_SHARD_INDEX": "0",
            "TEST_TIMEOUT": str(timeout_s),
            "TEST_TMPDIR": str(directory / "tmp"),
            "TEST_TOTAL_SHARDS": "1",
            "TEST_UNDECLARED_OUTPUTS_DIR": str(self.outputs),
            "XML_OUTPUT_FILE": str(self._xml),
            **(environ or {}),
        }
        for name in ("TEST_SHARD_STATUS_FILE", "TEST_WARNINGS_OUTPUT_FILE"):
            environment.pop(name, None)
        self._started = time.monotonic()
        with self._text.open("wb") as out:
            self.process = psutil.Popen(
                [*wrapper, program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )

    def wait(self, seconds: float = 240.0) -> Ended:
        """Waits for the end."""
        status = self.process.wait(timeout=seconds)
        text = self._text.read_text(errors="replace")
        took = time.monotonic() - self._started
        return Ended(status, text, self.outputs, self._xml, took)

    def qemu(self, seconds: float = 60.0) -> psutil.Process:
        """The guest's QEMU, as soon as there is one."""
        ends_at = time.monotonic() + seconds
        while time.monotonic() < ends_at:
            for process in self.process.children(recursive=True):
                if any("qemu-system" in word for word in _command(process)):
                    return process
            time.sleep(0.02)
        raise AssertionError(f"no QEMU within {seconds} s: {self._text.read_text()}")

    def await_console(self, test: str, text: str, seconds: float = 60.0) -> None:
        """Waits until the console of `test` holds `text`."""
        path = self.outputs / test / "console.log"
        ends_at = time.monotonic() + seconds
        while time.monotonic() < ends_at:
            if path.exists() and text in path.read_text(errors="replace"):
                return
            time.sleep(0.02)
        raise AssertionError(f"{text!r} is not on the console after {seconds} s")

    def close(self) -> None:
        """Kills what is left."""
        for process in [*_children(self.process), self.process]:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                pass


@contextmanager
def run_to_end(launcher: str, timeout_s: int) -> Iterator[Ended]:
    """A whole run of the target whose launcher has this runfiles path; its outputs go on leaving.

    Raises:
        psutil.TimeoutExpired: it is not over within `timeout_s`, which it is given, too.
    """
    with tempfile.TemporaryDirectory(prefix="ktstr-run-") as directory:
        running = Running(launcher, Path(directory), timeout_s=timeout_s)
        try:
            yield running.wait(timeout_s)
        finally:
            running.close()


def _end_with_parent() -> None:
    """Should we be killed, the run gets a SIGTERM, and ends its guest."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def leftovers(directory: Path) -> list[str]:
    """Command lines of processes that mention `directory`: QEMU names its files there."""
    own = os.getpid()
    commands = [
        " ".join(_command(process)) for process in psutil.process_iter() if process.pid != own
    ]
    return [command for command in commands if str(directory) in command]


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return []


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.NoSuchProcess:
        return []
