# SPDX-License-Identifier: Apache-2.0
"""Prints the closing line of a CI run from Bazel's build events.

summary.py BUILD_EVENTS.json EXIT_CODE [NAME BUILD_EVENTS.json EXIT_CODE]

An exit code is Bazel's, or that of timeout(1) around it.  A second run, called NAME, is of tests
that want crates from a registry, and time to build them: what ran of it counts as all do, and what
did not run because crates were not to be had, or the time was over, is one line and no failure.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

# Bazel's TestStatus values (build_event_stream.proto) that are no failure; FLAKY passed on a retry.
_PASSED = {"PASSED", "FLAKY"}
# Those of tests that did not run.
_NOT_RUN = {"NO_STATUS", "INCOMPLETE", "FAILED_TO_BUILD", "BLAZE_HALTED_BEFORE_TESTING"}
# Exit codes of timeout(1), which interrupts, and kills where that does not help.
_TIME_OVER = {124, 137}
# Of an external repository that was not fetched, Bazel tells the exception's class and its text.
_EXTERNAL, _EXCEPTION = "//external:", re.compile(r"^(?:\w+\.)+[\w$]+: ")


@dataclass
class Run:
    """What the events of one invocation say.

    Attributes:
      exit_code: Bazel's, or that of timeout(1).
      verdicts: the status of each test target of which there is a summary, by its label.
      suites: the tests of the suites that were asked for.
      unbuilt: targets of actions that failed.
      unfetched: what was said of each external repository that was not to be had.
    """

    exit_code: int
    verdicts: dict[str, str] = field(default_factory=dict)
    suites: set[str] = field(default_factory=set)
    unbuilt: set[str] = field(default_factory=set)
    unfetched: list[str] = field(default_factory=list)

    def counts(self) -> tuple[int, int, int]:
        """How many test targets (passed, failed, were skipped)."""
        tally = Counter(self.verdicts.values())
        passed = sum(tally[status] for status in _PASSED)
        return passed, tally.total() - passed - tally["SKIPPED"], tally["SKIPPED"]

    def ran(self) -> Run:
        """The same without tests that have no verdict."""
        verdicts = {name: end for name, end in self.verdicts.items() if end not in _NOT_RUN}
        return replace(self, verdicts=verdicts)

    def excuse(self) -> str:
        """Why tests did not run through no fault of theirs; empty where there is no such reason."""
        if self.unbuilt:
            return ""
        if self.unfetched:
            return self.unfetched[0]
        return "the time was over" if self.exit_code in _TIME_OVER else ""


def main(arguments: list[str]) -> int:
    """Prints what went wrong and the counts; returns CI's exit code."""
    run = read(_lines(arguments[0]), int(arguments[1]))
    passed, failed, skipped = run.counts()
    if run.exit_code and not failed:
        print(f"Bazel ended with exit code {run.exit_code}: see the first ERROR above")
    if not passed + failed:
        print("no test ran")
    exit_code = run.exit_code or int(bool(failed) or not passed)
    if len(arguments) > 2:
        name, second = arguments[2], read(_lines(arguments[3]), int(arguments[4]))
        counts, wrong = beside(name, second)
        passed, failed, skipped = passed + counts[0], failed + counts[1], skipped + counts[2]
        exit_code = exit_code or int(wrong)
    line = f"{passed} passed, {failed} failed"
    print(f"{line}, {skipped} skipped" if skipped else line)
    return exit_code


def beside(name: str, run: Run) -> tuple[tuple[int, int, int], bool]:
    """The counts of what ran of a second run, and whether CI fails by it; says what did not run."""
    ran, why = run.ran(), run.excuse()
    passed, failed, skipped = ran.counts()
    waiting = sorted(run.suites - set(ran.verdicts))
    if run.unbuilt:
        why = f"not built: {', '.join(sorted(run.unbuilt))}"
    elif not why and (waiting or (run.exit_code and not failed)):
        why = f"Bazel ended with exit code {run.exit_code}: see its first ERROR above"
    if why:
        count = f"{len(waiting)} of {len(run.suites)}" if run.suites else "its"
        print(f"{name}: {count} tests did not run: {why}")
    return (passed, failed, skipped), bool(failed) or bool(why and not run.excuse())


def read(events: Iterable[str], exit_code: int) -> Run:
    """Reads the lines of Bazel's --build_event_json_file; a cut last line is ignored."""
    run = Run(exit_code)
    for line in events:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        _take(run, event.get("id", {}), event)
    return run


def _take(run: Run, kind: Mapping[str, Any], event: Mapping[str, Any]) -> None:
    aborted = event.get("aborted", {})
    if "testSummary" in kind and "testSummary" in event:
        run.verdicts[kind["testSummary"]["label"]] = event["testSummary"]["overallStatus"]
    elif "targetCompleted" in kind and aborted.get("reason") == "SKIPPED":
        run.verdicts.setdefault(kind["targetCompleted"]["label"], "SKIPPED")
    elif "pattern" in kind:
        for suite in event.get("expanded", {}).get("testSuiteExpansions", ()):
            run.suites.update(suite.get("testLabels", ()))
    elif "actionCompleted" in kind and not event.get("action", {}).get("success"):
        run.unbuilt.add(kind["actionCompleted"]["label"])
    elif kind.get("unconfiguredLabel", {}).get("label", "").startswith(_EXTERNAL):
        text = aborted.get("description", "") or aborted.get("reason", "")
        run.unfetched.append(_EXCEPTION.sub("", text).partition("\n")[0])


def _lines(path: str) -> Iterator[str]:
    if Path(path).is_file():
        # one that was killed may have been within a character
        yield from Path(path).read_text(encoding="utf-8", errors="replace").split("\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
