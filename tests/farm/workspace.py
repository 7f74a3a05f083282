# SPDX-License-Identifier: Apache-2.0
"""A small workspace for a farm: actions and tests that begin, wait to be told, and then go on.

Whoever waits for an action to be in its middle reads that from a FIFO, and the action reads from
another one that it may go on: there is an event for each, on whatever worker it runs.
"""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.support.located import located
from tests.support.nested import Ended, NestedBazel, Started

DEADLINE_S = 90.0
_STARTUP = ("--host_jvm_args=-Xmx1g",)
_FLAGS = (
    "--lockfile_mode=off",
    "--incompatible_strict_action_env",
    "--repo_env=BAZEL_DO_NOT_DETECT_CPP_TOOLCHAIN=1",
    "--nozip_undeclared_test_outputs",
)
# What the project's own .bazelrc has for farms, but what names a setting of its rules.
_LINE = re.compile(r"(?:common|build|test):(?:farm|readonly|remote) (?!.*//rules).*")
_RETRIES = re.compile(r"common --experimental_remote_cache_eviction_retries=.*")

_RULES = """\
def _impl(ctx):
    program = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = program, target_file = ctx.file.src, is_executable = True)
    runfiles = ctx.runfiles(ctx.files.data)
    return [DefaultInfo(executable = program, runfiles = runfiles)]

script_test = rule(
    implementation = _impl,
    attrs = {
        "data": attr.label_list(allow_files = True),
        "src": attr.label(allow_single_file = True, mandatory = True),
    },
    test = True,
)
"""
# What an action does in its middle: it says so, and waits. A reader and a writer are always there.
_HOLD = """\
echo begun > {fifos}/begun
read -r word < {fifos}/go
"""


class Workspace:
    """A context: the workspace, and a Bazel of its own in it."""

    def __enter__(self) -> Workspace:
        self.root = Path(tempfile.mkdtemp(dir=os.environ["TEST_TMPDIR"])).resolve()
        self.directory = self.root / "workspace"
        self.directory.mkdir()
        # A path without blanks, which scripts can name.
        self._fifos = Path(tempfile.mkdtemp(prefix="ktstr-fifos-", dir="/tmp"))
        self._begun, self._go = (self._fifo(name) for name in ("begun", "go"))
        self._client: Started | None = None
        self.hold = _HOLD.format(fifos=self._fifos)
        self.write("MODULE.bazel", 'module(name = "faults")\n')
        self.write("BUILD.bazel", "")
        self.write("script.bzl", _RULES)
        rc = located("_main/.bazelrc").read_text(encoding="utf-8").splitlines()
        lines = [line for line in rc if _LINE.fullmatch(line) or _RETRIES.fullmatch(line)]
        self.write(".bazelrc", "\n".join([*lines, ""]))
        self.bazel = NestedBazel(
            located("host_bazel/bazel"), self.directory, self.root / "base", _STARTUP
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.bazel.kill()
        for fifo in (self._begun, self._go):
            os.close(fifo)
        # Bazel's directories are read-only.
        subprocess.run(["chmod", "-R", "u+w", self.root], check=False)
        for directory in (self.root, self._fifos):
            shutil.rmtree(directory, ignore_errors=True)

    def _fifo(self, name: str) -> int:
        os.mkfifo(self._fifos / name)
        return os.open(self._fifos / name, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def write(self, path: str, text: str) -> Path:
        """Writes a file of the workspace, a script where it begins so."""
        file = self.directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(0o755 if text.startswith("#!") else 0o644)
        return file

    def append(self, path: str, text: str) -> None:
        """Adds to a file of the workspace."""
        with (self.directory / path).open("a", encoding="utf-8") as file:
            file.write(text)

    def add_test(self, package: str, script: str, data: str = "") -> str:
        """A package whose one target is a test of this shell script; gives its label."""
        self.write(f"{package}/test.sh", f"#!/bin/sh\nset -eu\n{script}")
        self.write(
            f"{package}/BUILD.bazel",
            'load("//:script.bzl", "script_test")\n\n'
            f'script_test(name = "test", src = "test.sh", data = [{data}])\n',
        )
        return f"//{package}:test"

    def start(self, port: int, *arguments: str) -> Started:
        """Begins a command of Bazel whose actions run on the farm at this port."""
        command, *rest = arguments
        executor = f"--remote_executor=grpc://127.0.0.1:{port}"
        self._client = self.bazel.start(command, *_FLAGS, "--config=farm", executor, *rest)
        return self._client

    def run_here(self, port: int, *arguments: str) -> Ended:
        """The same with the farm's cache alone: actions run here, where nothing is built yet."""
        self.bazel.output("clean")
        command, *rest = arguments
        cache = f"--remote_cache=grpc://127.0.0.1:{port}"
        self._client = self.bazel.start(command, *_FLAGS, "--config=remote", cache, *rest)
        return self._client.wait(DEADLINE_S)

    def end_client(self) -> None:
        """Ends what was started last, which a test that failed may have left."""
        if self._client is not None:
            self._client.end()

    def run(self, port: int, *arguments: str) -> Ended:
        """Runs a command of Bazel whose actions run on the farm at this port."""
        return self.start(port, *arguments).wait(DEADLINE_S)

    def await_begun(self) -> None:
        """Waits until one more action is in its middle.

        Raises:
          AssertionError: none is in time.
        """
        if not select.select([self._begun], [], [], DEADLINE_S)[0]:
            raise AssertionError(f"no action has begun within {DEADLINE_S:.0f} s")
        os.read(self._begun, len("begun\n"))

    def let_go(self, word: str) -> None:
        """Lets one action go on, now or once it waits; `word` is what it is told."""
        os.write(self._go, f"{word}\n".encode())

    def drained(self) -> tuple[int, int]:
        """How many have begun that nobody awaited, and how many were let go that never came."""
        return self._drain(self._begun), self._drain(self._go)

    def _drain(self, fifo: int) -> int:
        return os.read(fifo, 4096).count(b"\n") if select.select([fifo], [], [], 0)[0] else 0

    def results(self, package: str) -> list[str]:
        """What all files in the test's undeclared outputs have in them."""
        outputs = self.directory / "bazel-testlogs" / package
        found = sorted(outputs.glob("**/test.outputs/*"))
        return [path.read_text(encoding="utf-8") for path in found]
