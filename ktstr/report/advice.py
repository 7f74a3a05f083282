# SPDX-License-Identifier: Apache-2.0
"""What to do next: the files to read and the commands to run."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from ktstr.model.verdict.kinds import Kind
from ktstr.report.logs import log_text
from ktstr.result import result_pb2

# what a file has of each kind of which one has more
FILES: Mapping[Kind, str] = {
    Kind.SCHEDULER_NOT_LOADED: "scheduler.log has the verifier's and the loader's words",
    Kind.SCHEDULER_NOT_ATTACHED: "scheduler.log has what the scheduler said instead",
    Kind.SCHEDULER_EJECTED: "scheduler.log and the sched_ext dump tell the kernel's reason",
    Kind.SCHEDULER_DIED: "scheduler.log has its last words",
    Kind.PANIC: "console.log has the whole kernel log",
    Kind.KERNEL_LOG: "console.log has the whole kernel log",
    Kind.HANG: "console.log has the kernel's last words",
    Kind.PAYLOAD: "result.json has each payload's arguments, metrics and last words",
    Kind.TEST_ERROR: "test.log has what the function printed",
    Kind.INFRA: "console.log and qemu.log have what came before; qemu.cmd runs QEMU again",
}
# The note of a result's host that says that Bazel packs the test's files, and why.
PACKED = "outputs.zip"
# What a target has that says nothing of it.
_SEED = 1


def files_to_read(result: result_pb2.Result) -> str:
    """Where more about the first cause stands, or where everything stands."""
    where = outputs_directory(result)
    hint = next((FILES[kind] for kind in _kinds(result) if kind.file_tells), "")
    if any(detail.message == result.expectation for detail in result.details):
        hint = ""  # nothing went wrong, which was not expected
    if hint.startswith("test.log") and not log_text(result, "test"):
        hint = ""
    return f"{where}: {hint}" if hint else f"{where}: all that was measured is in result.json"


def commands(result: result_pb2.Result) -> list[str]:
    """The commands to run next, each with what it does."""
    bazel, label = result.identity.bazel, shlex.quote(result.identity.label)
    kinds = _kinds(result)
    again = f"{bazel} test {label} --test_filter={result.identity.test}"
    if result.identity.seed != _SEED:
        again += f" --@ktstr//rules:seed={result.identity.seed}"
    found = [f"{again}  # only this test"]
    if Kind.CONTENDED in kinds:
        found = [f"{again} --@ktstr//rules:accel=virtual  # in virtual time, deaf to the host"]
    if Kind.USAGE not in kinds:  # else the test's module is to be changed first
        guest = shlex.quote(f"{result.identity.label}.shell")
        found.append(f"{bazel} run {guest}  # the same guest with a shell")
    found += _debuggers(result)
    archive = _archive(result)
    if archive:
        unpack = f"python3 -m zipfile -e {shlex.quote(archive)} /tmp/outputs"
        found.insert(0, f"{unpack}  # --nozip_undeclared_test_outputs leaves plain files")
    return found


def _debuggers(result: result_pb2.Result) -> list[str]:
    """How the memory that a guest left is opened."""
    if not result.post_mortem.core:
        return []
    kernel = result.identity.kernel.label.removeprefix("@@")
    package, _, name = kernel.removeprefix("//").partition(":")
    built = shlex.quote(f"bazel-bin/{package}/{name}/vmlinux.dwarf")
    directory = "/tmp/outputs/" + result.identity.test
    if not _archive(result):
        directory = outputs_directory(result)
    core = shlex.quote(f"{directory}/{result.post_mortem.core}")
    build = f"{result.identity.bazel} build {shlex.quote(kernel)} --output_groups=dwarf"
    return [f"{build} && drgn -c {core} -s {built}  # the guest's memory; or: crash {built} {core}"]


def outputs_directory(result: result_pb2.Result) -> str:
    """Where Bazel keeps the test's files, below the workspace."""
    test, archive = result.identity.test, _archive(result)
    if archive:
        return f"{test}/ in {archive}"
    directory = _directory(result)
    return f"{directory}/{test}" if directory else f"outputs of {test}"


def _archive(result: result_pb2.Result) -> str:
    """The archive that Bazel packs a target's files into; empty where it packs none."""
    directory = _directory(result)
    packed = any(note.name == PACKED for note in result.host.notes)
    return f"{directory}/{PACKED}" if directory and packed else ""


def _directory(result: result_pb2.Result) -> str:
    """The folder of what a target's tests leave; empty for what is no target."""
    label = result.identity.label
    if "//" not in label:
        return ""
    package, _, name = label.partition("//")[2].partition(":")
    name = name or package.rpartition("/")[2]
    return "/".join(filter(None, ("bazel-testlogs", package, name, "test.outputs")))


def _kinds(result: result_pb2.Result) -> list[Kind]:
    """Those that this version knows."""
    names = (result_pb2.Kind.Name(detail.kind) for detail in result.details)
    return [Kind[name] for name in names if name in Kind.__members__]
