# SPDX-License-Identifier: Apache-2.0
"""How the runner of the kernel's selftests of sched_ext is read."""

load("//rules:payload.bzl", "exit_code", "metric_exists", "metric_max", "payload")

visibility(["//sched/kernel_tools", "//tests/lives/..."])

def selftests_payload(binary, name = "scx_selftests"):
    """The payload that the tests of a `kernel_scx_selftests` run.

    Args:
      binary: label of the runner.
      name: as those tests call it.
    """
    payload(
        name = name,
        binary = binary,
        # That of 6.12 ends with 0 whatever came of its tests: what it counts is the verdict.
        checks = [
            exit_code(0),
            metric_exists("passed"),
            metric_max("failed", 0),
        ],
        output = "regex",
        patterns = {
            "failed": r"^FAILED: +(\d+)$",
            "passed": r"^PASSED: +(\d+)$",
            "skipped": r"^SKIPPED: +(\d+)$",
        },
    )
