# SPDX-License-Identifier: Apache-2.0
"""What the rule initramfs_layer writes, and that its program's bytes follow from contents alone."""

import json
import os
import stat
from pathlib import Path

from absl.testing import absltest
from runfiles import Runfiles

from ktstr.initramfs import newc
from tools.initramfs import layer

_FILES = {
    "text": b"text\n",
    "script": b"#!/bin/sh\n",
    "tree/below/object": b"\x7fELF...",
    "tree/below/short": b"#",
    "tree/data": b"",
}


class LayerTest(absltest.TestCase):
    def test_layer_holds_what_the_rule_was_given(self) -> None:
        runfiles = Runfiles.Create()
        assert runfiles is not None
        path = runfiles.Rlocation("_main/tests/initramfs/sample.cpio")
        assert path is not None
        entries = {entry.path: entry for entry in newc.read_layers(Path(path).read_bytes())}
        self.assertEqual(
            {name: stat.filemode(entry.mode) for name, entry in entries.items()},
            {
                "bin": "drwxr-xr-x",
                "bin/one": "lrwxrwxrwx",
                "usr": "drwxr-xr-x",
                "usr/share": "drwxr-xr-x",
                "usr/share/one": "-rw-r--r--",
                "usr/share/two": "-rw-------",
                "var": "drwxr-xr-x",
                "var/tmp": "drwxrwxrwt",
            },
        )
        self.assertEqual(entries["bin/one"].content, b"../usr/share/one")
        self.assertIn(b"RoundTripTest", entries["usr/share/one"].data())


class SameBytesTest(absltest.TestCase):
    """An action's key holds no mode of its inputs, and neither may what the action writes."""

    def _written(self, place: str, mode: int, umask: int) -> bytes:
        """The layer of the same files, staged with another mode and under another umask."""
        folder = Path(self.create_tempdir(place).full_path)
        before = os.umask(umask)
        self.addCleanup(os.umask, before)
        for name, content in _FILES.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(mode)
        if mode == 0o644:
            # A stager that keeps to files, as remote execution does, makes no empty directory.
            (folder / "tree/empty").mkdir()
        manifest = [
            {"kind": "file", "path": "bin/script", "source": str(folder / "script")},
            {"kind": "file", "path": "text", "source": str(folder / "text")},
            {"kind": "tree", "path": "tree", "source": str(folder / "tree")},
        ]
        (folder / "layer.json").write_text(json.dumps(manifest))
        words = [f"--manifest={folder / 'layer.json'}", f"--output={folder / 'layer.cpio'}"]
        self.assertEqual(layer.main(words), 0)
        return (folder / "layer.cpio").read_bytes()

    def test_modes_umask_and_empty_directories_of_the_host_do_not_show(self) -> None:
        one = self._written("one", 0o644, 0o022)
        self.assertEqual(one, self._written("all_executable", 0o755, 0o022))
        self.assertEqual(one, self._written("read_only", 0o444, 0o077))
        modes = {
            entry.path: stat.S_IMODE(entry.mode)
            for entry in newc.read_layers(one)
            if stat.S_ISREG(entry.mode)
        }
        self.assertEqual(
            modes,
            {
                "bin/script": 0o755,
                "text": 0o644,
                "tree/below/object": 0o755,
                "tree/below/short": 0o644,
                "tree/data": 0o644,
            },
        )


if __name__ == "__main__":
    absltest.main()
