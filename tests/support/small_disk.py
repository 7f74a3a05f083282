# SPDX-License-Identifier: Apache-2.0
"""A place for a run's outputs that has little room."""

from __future__ import annotations

import json
import shutil
import subprocess
import unittest
from pathlib import Path

from runfiles import Runfiles


def initramfs_bytes(launcher: str) -> int:
    """The size of the target's layers, which a run copies into its outputs first."""
    runfiles = Runfiles.Create()
    assert runfiles is not None
    config = runfiles.Rlocation(f"{launcher}.config.json")
    layers = json.loads(Path(str(config)).read_text(encoding="utf-8"))["initramfs"]
    return sum(Path(str(runfiles.Rlocation(layer))).stat().st_size for layer in layers)


def small_disk(outputs: Path, size: int) -> tuple[str, ...]:
    """A command that runs another with a file system of `size` bytes at `outputs`, which it makes.

    Raises:
        unittest.SkipTest: this host lets nobody mount.
    """
    outputs.mkdir()
    unshare = shutil.which("unshare")
    probe = [str(unshare), "--user", "--map-root-user", "--mount", "true"]
    if unshare is None or subprocess.run(probe, check=False).returncode != 0:
        raise unittest.SkipTest("this host lets nobody mount a file system of their own (unshare)")
    script = f'mount -t tmpfs -o size={size} none {outputs} && "$@"; status=$?; exit $status'
    return (*probe[:-1], "sh", "-c", script, "sh")
