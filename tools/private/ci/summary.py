# SPDX-License-Identifier: Apache-2.0
"""Prints the closing line of a CI run from Bazel's build events.

summary.py BUILD_EVENTS.json BAZEL_EXIT_CODE
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

# Bazel's TestStatus values (build_event_stream.proto) that are no failure; FLAKY passed on a retry.
_PASSED = {"PASSED", "FLAKY"}


def main(arguments: list[str]) -> int:
    """Prints what went wrong and the counts; returns CI's exit code."""
    path, bazel = Path(arguments[0]), int(arguments[1])
    # one that was killed may have been within a character
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    passed, failed, skipped = count(text.split("\n"))
    if bazel and not failed:
        print(f"Bazel ended with exit code {bazel}: see the first ERROR above")
    if not passed + failed:
        print("no test ran")
    line = f"{passed} passed, {failed} failed"
    print(f"{line}, {skipped} skipped" if skipped else line)
    return bazel or int(bool(failed) or not passed)


def count(events: Iterable[str]) -> tuple[int, int, int]:
    """Counts (passed, failed, skipped) test targets.

    Args:
      events: lines of Bazel's --build_event_json_file; a cut last line is ignored.
    """
    verdicts: dict[str, str] = {}
    for line in events:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        kind = event.get("id", {})
        if "testSummary" in kind and "testSummary" in event:
            verdicts[kind["testSummary"]["label"]] = event["testSummary"]["overallStatus"]
        elif "targetCompleted" in kind and event.get("aborted", {}).get("reason") == "SKIPPED":
            verdicts.setdefault(kind["targetCompleted"]["label"], "SKIPPED")
    tally = Counter(verdicts.values())
    passed = sum(tally[status] for status in _PASSED)
    skipped = tally["SKIPPED"]
    return passed, tally.total() - passed - skipped, skipped


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
