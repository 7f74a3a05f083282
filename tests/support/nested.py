# SPDX-License-Identifier: Apache-2.0
"""Bazel inside a test: one clone of a workspace, with an output base and caches of its own."""

import json
import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

_BUILD_SECONDS = 280
_SHUTDOWN_SECONDS = 60


@dataclass(frozen=True)
class Built:
    """What one run of Bazel did.

    runners: how many actions ran, by Bazel's names of strategies.  tests: by label, whether the
    result came from a cache.  warnings: Bazel's own lines of that kind.
    """

    runners: Mapping[str, int]
    tests: Mapping[str, bool]
    seconds: float
    warnings: tuple[str, ...] = ()

    @property
    def executed(self) -> int:
        """Actions that were carried out rather than fetched from a cache."""
        free = {"internal", "disk cache hit", "remote cache hit"}
        return sum(count for name, count in self.runners.items() if name not in free)


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

    def run(self, *arguments: str, deadline_seconds: float = _BUILD_SECONDS) -> Built:
        """Runs a build or test command. Raises AssertionError with Bazel's output when it fails."""
        events = self._base.with_suffix(".events.json")
        command, *rest = arguments
        done = self._call([command, f"--build_event_json_file={events}", *rest], deadline_seconds)
        if done.returncode:
            text = f"bazel {' '.join(arguments)} ended with {done.returncode}:\n"
            raise AssertionError(text + done.stdout + done.stderr)
        lines = (done.stdout + done.stderr).splitlines()
        warnings = tuple(line for line in lines if line.startswith(("WARNING", "DEBUG")))
        return replace(_read(events), warnings=warnings)

    def output(self, *arguments: str, deadline_seconds: float = _BUILD_SECONDS) -> str:
        """What a query prints. Raises AssertionError with Bazel's messages when it fails."""
        done = self._call(list(arguments), deadline_seconds)
        if done.returncode:
            text = f"bazel {' '.join(arguments)} ended with {done.returncode}:\n"
            raise AssertionError(text + done.stderr)
        return done.stdout

    def shutdown(self) -> None:
        """Ends the server."""
        self._call(["shutdown"], _SHUTDOWN_SECONDS)

    def kill(self) -> None:
        """Ends the server at once, whatever it does; what it runs in sandboxes ends with it."""
        try:
            pid = int((self._base / "server/server.pid.txt").read_text(encoding="ascii"))
            os.kill(pid, signal.SIGKILL)
        except (OSError, ValueError):
            pass  # there is none

    def _call(self, arguments: list[str], seconds: float) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._startup, *arguments],
            cwd=self._workspace,
            env={**os.environ, "HOME": os.environ.get("HOME", str(self._base))},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )


def _read(events: Path) -> Built:
    runners: dict[str, int] = {}
    tests: dict[str, bool] = {}
    seconds = 0.0
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
            tests[event["id"]["testResult"]["label"]] = bool(cached)
    return Built(runners, tests, seconds)
