# SPDX-License-Identifier: Apache-2.0
"""A copy of the workspace e2e/consumer beside a copy of this checkout, to run Bazel in."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import FrameType

from runfiles import Runfiles

from tests.support.nested import NestedBazel

# The kernel that the outer build has built, as a package of the workspace.
KERNEL = "//given:kernel"
_KERNEL_BUILD = """\
load("@ktstr//rules:defs.bzl", "prebuilt_kernel")

prebuilt_kernel(
    name = "kernel",
    config = "config",
    system_map = "System.map",
    vmlinux = "vmlinux",
    visibility = ["//visibility:public"],
)
"""
_KERNEL_FILES = ("System.map", "config", "vmlinux")
_STARTUP = ("--host_jvm_args=-Xmx2g",)


class Workspace:
    """A context: the workspace and a Bazel with an output base of its own, gone at the end.

    A signal to end this process ends that Bazel's server, too.
    """

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(dir=os.environ["TEST_TMPDIR"])).resolve()
        self.directory = self.root / "ktstr/e2e/consumer"
        self.bazel = NestedBazel(
            _located("host_bazel/bazel"), self.directory, self.root / "base", _STARTUP
        )

    def __enter__(self) -> Workspace:
        signal.signal(signal.SIGTERM, self._end)
        _copy_checkout(self.root / "ktstr")
        rc = _located("host_bazel/machine.bazelrc")
        shutil.copyfile(rc, self.directory / ".bazelrc.local")
        given = self.directory / "given"
        given.mkdir()
        for name in _KERNEL_FILES:
            source = _located(f"_main/sched/kernels/linux_6_12/{name}")
            shutil.copyfile(source, given / name)
        (given / "BUILD.bazel").write_text(_KERNEL_BUILD, encoding="utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        self.bazel.shutdown()
        # Bazel's directories are read-only.
        subprocess.run(["chmod", "-R", "u+w", self.root], check=False)
        shutil.rmtree(self.root)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        # There is no time for more: the outer Bazel removes the files before the next run.
        self.bazel.kill()
        sys.exit(128 + number)


def kernel_flags(kernel: str) -> tuple[str, ...]:
    """Options that make one kernel the tested one, and the one whose types schedulers get."""
    return (f"--@ktstr//rules:kernel={kernel}", f"--@ktstr//rules:types={kernel}")


def _copy_checkout(target: Path) -> None:
    """Copies what @lint_sources links to; there, BUILD files have another name."""
    shutil.copytree(_located("lint_sources/src/MODULE.bazel").parent, target)
    for path in target.rglob("*.source"):
        path.rename(path.with_suffix(""))


def _located(path: str) -> Path:
    runfiles = Runfiles.Create()
    found = runfiles.Rlocation(path) if runfiles else None
    if found is None:
        raise RuntimeError(f"{path} is not among the runfiles; run this with tools/bazel test")
    return Path(found)
