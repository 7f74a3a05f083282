# SPDX-License-Identifier: Apache-2.0
"""What to do next: the files to read and the commands to run."""

from __future__ import annotations

import shlex

from ktstr.report.logs import log_text
from ktstr.result import result_pb2

_READ = {
    result_pb2.SCHEDULER_NOT_LOADED: "scheduler.log has the verifier's and the loader's words",
    result_pb2.SCHEDULER_NOT_ATTACHED: "scheduler.log has what the scheduler said instead",
    result_pb2.SCHEDULER_EJECTED: "scheduler.log and the sched_ext dump tell the kernel's reason",
    result_pb2.SCHEDULER_DIED: "scheduler.log has its last words",
    result_pb2.PANIC: "console.log has the whole kernel log",
    result_pb2.KERNEL_LOG: "console.log has the whole kernel log",
    result_pb2.HANG: "console.log has the kernel's last words",
    result_pb2.PAYLOAD: "result.json has each payload's arguments, metrics and last words",
    result_pb2.TEST_ERROR: "test.log has what the function printed",
    result_pb2.INFRA: "console.log and qemu.log have what came before; qemu.cmd runs QEMU again",
}
# What a target has that says nothing of it.
_SEED = 1
# The test's module is to be changed before it is worth running again.
_NO_GUEST = frozenset({result_pb2.USAGE})


def files_to_read(result: result_pb2.Result) -> str:
    """Where more about the first cause stands, or where everything stands."""
    where = outputs_directory(result)
    kinds = [detail.kind for detail in result.details]
    hint = next((_READ[kind] for kind in kinds if kind in _READ), "")
    if any(detail.message == result.expectation for detail in result.details):
        hint = ""  # nothing went wrong, which was not expected
    if hint.startswith("test.log") and not log_text(result, "test"):
        hint = ""
    return f"{where}: {hint}" if hint else f"{where}: all that was measured is in result.json"


def commands(result: result_pb2.Result) -> list[str]:
    """The commands to run next, each with what it does."""
    bazel, label = result.identity.bazel, shlex.quote(result.identity.label)
    kinds = {detail.kind for detail in result.details}
    again = f"{bazel} test {label} --test_filter={result.identity.test}"
    if result.identity.seed != _SEED:
        again += f" --@ktstr//rules:seed={result.identity.seed}"
    found = [f"{again}  # only this test"]
    if result_pb2.CONTENDED in kinds:
        found = [f"{again} --@ktstr//rules:accel=virtual  # in virtual time, deaf to the host"]
    if not kinds & _NO_GUEST:
        guest = shlex.quote(f"{result.identity.label}.shell")
        found.append(f"{bazel} run {guest}  # the same guest with a shell")
    return found


def outputs_directory(result: result_pb2.Result) -> str:
    """Where Bazel keeps the test's files, below the workspace."""
    label, test = result.identity.label, result.identity.test
    if "//" not in label:
        return f"outputs of {test}"
    package, _, name = label.partition("//")[2].partition(":")
    name = name or package.rpartition("/")[2]
    return "/".join(filter(None, ("bazel-testlogs", package, name, "test.outputs", test)))
