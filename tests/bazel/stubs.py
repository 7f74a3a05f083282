# SPDX-License-Identifier: Apache-2.0
"""Stand-in programs on a PATH of their own, and a copy of tools/bazel to run with them."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.private.bazel_setup import layout

# What tools/bazel itself is made of, beside the programs that it looks for.
_PROGRAMS = ("dirname", "readlink", "setpriv", "sh", "sleep", "touch", "cat", "env")


class Machine:
    """A home directory, a PATH and a workspace with its own tools/bazel, below TEST_TMPDIR."""

    def __init__(self) -> None:
        # Not the sandbox's /tmp: other programs of the machine must see it, too.
        self.root = Path(tempfile.mkdtemp(dir=os.environ["TEST_TMPDIR"])).resolve()
        self.home, self.programs = self.root / "home", self.root / "programs"
        self.workspace = self.root / "workspace"
        for directory in (self.home, self.programs, self.workspace / "tools/private"):
            directory.mkdir(parents=True)
        source = Path(layout.__file__).resolve().parents[2]
        shutil.copy2(source / "bazel", self.wrapper)
        shutil.copytree(
            source / "private/bazel_setup", self.workspace / "tools/private/bazel_setup"
        )
        (self.workspace / "MODULE.bazel").write_text('module(name = "m")\n', encoding="utf-8")
        rc = "try-import %workspace%/.bazelrc.local\n"
        (self.workspace / ".bazelrc").write_text(rc, encoding="utf-8")
        for name in _PROGRAMS:
            found = shutil.which(name)
            if found is None:
                raise RuntimeError(f"{name} is not on this machine")
            (self.programs / name).symlink_to(found)
        self.program("python3", f'exec {Path(sys.executable).resolve()} "$@"')

    @property
    def wrapper(self) -> Path:
        return self.workspace / "tools/bazel"

    @property
    def cache(self) -> Path:
        return self.home / ".cache/ktstr"

    @property
    def environment(self) -> dict[str, str]:
        return {"HOME": str(self.home), "PATH": str(self.programs)}

    def program(self, name: str, body: str) -> Path:
        """Puts a shell script on PATH."""
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    def bazel(self, name: str, version: str = "7.7.1", registry: str = "exit 0") -> Path:
        """Puts a Bazel on PATH that notes its calls in NAME.calls.

        Args:
          name: bazel or bazelisk.
          version: what it says it is.
          registry: shell code for `mod graph`.
        """
        return self.program(
            name,
            f'echo "${{BAZELISK_SKIP_WRAPPER:-}}|$*" >> {self.root}/{name}.calls\n'
            'case "$*" in\n'
            f'  --version) echo "bazel {version}" ;;\n'
            f"  *'mod graph'*) {registry} ;;\n"
            '  *) echo "ran $*" ;;\n'
            "esac",
        )

    def calls(self, name: str) -> list[str]:
        """Each call's BAZELISK_SKIP_WRAPPER and arguments."""
        path = self.root / f"{name}.calls"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Starts tools/bazel in the workspace, in a session of its own."""
        return subprocess.Popen(
            [self.wrapper, *arguments],
            cwd=self.workspace,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs tools/bazel to its end, within a minute."""
        process = self.start(*arguments, **environment)
        try:
            output, error = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return subprocess.CompletedProcess(arguments, process.returncode, output, error)
