# SPDX-License-Identifier: Apache-2.0
"""Bazel inside a test: one clone of a workspace, with an output base and caches of its own."""

import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

_BUILD_SECONDS = 280
_SHUTDOWN_SECONDS = 60
_INTERRUPTED_SECONDS = 20


@dataclass(frozen=True)
class Built:
    """What one run of Bazel did.

    runners: how many actions ran, by Bazel's names of strategies.  tests: by label, whether the
    result came from a cache.  warnings: Bazel's own lines of that kind.  verdicts: of each attempt
    of each test that Bazel has reported, in their order: (label, status).
    """

    runners: Mapping[str, int]
    tests: Mapping[str, bool]
    seconds: float
    warnings: tuple[str, ...] = ()
    verdicts: tuple[tuple[str, str], ...] = ()

    @property
    def executed(self) -> int:
        """Actions that were carried out rather than fetched from a cache."""
        free = {"internal", "disk cache hit", "remote cache hit"}
        return sum(count for name, count in self.runners.items() if name not in free)


@dataclass(frozen=True)
class Ended:
    """A run of Bazel that is over: its exit code, what it printed, and what it did."""

    code: int
    stdout: str
    stderr: str
    built: Built


class Started:
    """A run of Bazel that goes on.

    Args:
      process: Bazel's client, which prints into `printed`.stdout and `printed`.stderr.
      printed: a path that both names begin with.
      events: the file of build events that it was told to write; None for other commands.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], printed: Path, events: Path | None
    ) -> None:
        self._process, self._printed, self._events = process, printed, events

    def interrupt(self) -> None:
        """What ^C does."""
        self._process.send_signal(signal.SIGINT)

    def end(self) -> None:
        """Ends it, if it goes on, and with it what the server does for it."""
        self.interrupt()
        try:
            self._process.wait(_INTERRUPTED_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def wait(self, seconds: float) -> Ended:
        """Waits for its end. Raises subprocess.TimeoutExpired, and kills it, when that is late."""
        try:
            code = self._process.wait(seconds)
        finally:
            self._process.kill()
            self._process.wait()
        stdout, stderr = (
            _sibling(self._printed, name).read_text(encoding="utf-8", errors="replace")
            for name in ("stdout", "stderr")
        )
        built = _read(self._events) if self._events else Built({}, {}, 0)
        lines = (stdout + stderr).splitlines()
        warnings = tuple(line for line in lines if line.startswith(("WARNING", "DEBUG")))
        return Ended(code, stdout, stderr, replace(built, warnings=warnings))


class NestedBazel:
    """Runs Bazel in a workspace.

    Args:
      bazel: the program.
      workspace: the directory to run in.
      base: the output base, outside the workspace.
      startup: further startup options.
    """

    def __init__(
        self, bazel: Path, workspace: Path, base: Path, startup: tuple[str, ...] = ()
    ) -> None:
        self._startup = [
            str(bazel),
            "--nohome_rc",
            f"--output_base={base}",
            "--max_idle_secs=60",
            *startup,
        ]
        self._workspace, self._base = workspace, base

    def start(self, *arguments: str) -> Started:
        """Begins a build or test command, and does not wait for it."""
        events = _sibling(self._base, "events.json")
        events.unlink(missing_ok=True)
        command, *rest = arguments
        return self._begin([command, f"--build_event_json_file={events}", *rest], events)

    def run(self, *arguments: str, deadline_seconds: float = _BUILD_SECONDS) -> Built:
        """Runs a build or test command. Raises AssertionError with Bazel's output when it fails."""
        done = self.start(*arguments).wait(deadline_seconds)
        if done.code:
            text = f"bazel {' '.join(arguments)} ended with {done.code}:\n"
            raise AssertionError(text + done.stdout + done.stderr)
        return done.built

    def output(self, *arguments: str, deadline_seconds: float = _BUILD_SECONDS) -> str:
        """What a query prints. Raises AssertionError with Bazel's messages when it fails."""
        done = self._begin(list(arguments)).wait(deadline_seconds)
        if done.code:
            text = f"bazel {' '.join(arguments)} ended with {done.code}:\n"
            raise AssertionError(text + done.stderr)
        return done.stdout

    def shutdown(self) -> None:
        """Ends the server."""
        self._begin(["shutdown"]).wait(_SHUTDOWN_SECONDS)

    def kill(self) -> None:
        """Ends the server at once, whatever it does; what it runs in sandboxes ends with it."""
        try:
            pid = int((self._base / "server/server.pid.txt").read_text(encoding="ascii"))
            os.kill(pid, signal.SIGKILL)
        except (OSError, ValueError):
            pass  # there is none

    def _begin(self, arguments: list[str], events: Path | None = None) -> Started:
        home = os.environ.get("HOME", str(self._base))
        self._base.parent.mkdir(parents=True, exist_ok=True)
        line = [*self._startup, *arguments]
        return started(line, self._workspace, self._base, events, {"HOME": home})


def started(
    line: Sequence[str],
    workspace: Path,
    printed: Path,
    events: Path | None,
    environment: Mapping[str, str],
) -> Started:
    """Begins a command of Bazel's; `printed` and `events` are what Started takes.

    Args:
      environment: what is other there than here.
    """
    with (
        _sibling(printed, "stdout").open("wb") as stdout,
        _sibling(printed, "stderr").open("wb") as stderr,
    ):
        process = subprocess.Popen(
            line,
            cwd=workspace,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
        )
    return Started(process, printed, events)


def _sibling(path: Path, name: str) -> Path:
    return path.with_name(f"{path.name}.{name}")


def _read(events: Path) -> Built:
    runners: dict[str, int] = {}
    tests: dict[str, bool] = {}
    verdicts: list[tuple[str, str]] = []
    seconds = 0.0
    if not events.exists():
        # it ended before it had anything to report
        return Built(runners, tests, seconds)
    for line in events.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if "buildMetrics" in event:
            for runner in event["buildMetrics"]["actionSummary"].get("runnerCount", []):
                if runner["name"] != "total":
                    runners[runner["name"]] = runner["count"]
            timing = event["buildMetrics"].get("timingMetrics", {})
            seconds = int(timing.get("wallTimeInMs", 0)) / 1000
        elif "testResult" in event:
            result = event["testResult"]
            cached = result.get("cachedLocally") or "cachedRemotely" in result.get(
                "executionInfo", {}
            )
            label = event["id"]["testResult"]["label"]
            tests[label] = bool(cached)
            verdicts.append((label, result.get("status", "")))
    return Built(runners, tests, seconds, verdicts=tuple(verdicts))
