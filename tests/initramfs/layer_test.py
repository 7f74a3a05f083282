# SPDX-License-Identifier: Apache-2.0
"""What the rule initramfs_layer writes."""

import stat
from pathlib import Path

from absl.testing import absltest
from runfiles import Runfiles

from ktstr.initramfs import newc


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


if __name__ == "__main__":
    absltest.main()
