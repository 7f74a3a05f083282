# SPDX-License-Identifier: Apache-2.0
"""What fragments say of trace events, and what the kernel's make is told."""

import pathlib

from absl.testing import absltest, parameterized

from tools.kernel.config import ConfigError, parse_fragment
from tools.kernel.events import Events, make_variable, parse_events, untraced


class EventsTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.source = pathlib.Path(self.create_tempdir().full_path)
        for directory in ("fs/xfs", "fs/ext4"):
            (self.source / directory).mkdir(parents=True)
            (self.source / directory / "Makefile").touch()

    def test_fragments_leave_events_out_beside_their_settings(self) -> None:
        text = "CONFIG_XFS_FS=y\n# ktstr: no trace events in fs/xfs\n# ktstr: trace events in fs\n"
        self.assertEqual(
            [Events("fs/xfs", False, "a:2"), Events("fs", True, "a:3")], parse_events("a", text)
        )
        self.assertEqual(["XFS_FS"], [line.option for line in parse_fragment("a", text)])

    def test_another_fragment_takes_them_back_in(self) -> None:
        said = [_out("fs/xfs"), _out("fs/ext4"), Events("fs/xfs", True, "b:1")]
        self.assertEqual(["fs/ext4"], untraced(said, self.source))

    def test_fragments_may_agree(self) -> None:
        said = [_out("fs/xfs"), _out("fs/ext4"), _out("fs/xfs")]
        self.assertEqual(["fs/ext4", "fs/xfs"], untraced(said, self.source))

    def test_a_directory_that_builds_nothing_is_named(self) -> None:
        with self.assertRaisesRegex(ConfigError, "^a:1: this kernel builds nothing in fs/zfs, "):
            untraced([_out("fs/zfs")], self.source)

    def test_nothing_is_taken_back_in_that_was_not_left_out(self) -> None:
        said = [_out("fs/ext4"), Events("fs/xfs", True, "b:7")]
        with self.assertRaisesRegex(ConfigError, "^b:7: no fragment leaves out the trace events"):
            untraced(said, self.source)

    @parameterized.parameters(
        "# ktstr: no trace events",
        "# ktstr: no trace events in /fs/xfs",
        "# ktstr: no trace events in fs/xfs/",
        "# ktstr: no trace events in fs/xfs fs/ext4",
        "# ktstr: no trace events in ../fs",
        "# ktstr: no trace events in fs/../net",
        "# ktstr: no trace events in $(shell false)",
    )
    def test_what_names_no_directory_is_refused(self, text: str) -> None:
        with self.assertRaisesRegex(ConfigError, "is no comment for ktstr; write"):
            parse_fragment("a", text)
        self.assertEmpty(parse_events("a", text))

    def test_make_is_told_the_directories_and_those_below(self) -> None:
        self.assertEqual(
            "CFLAGS_KERNEL=$(if $(filter fs/ext4 fs/ext4/% fs/xfs fs/xfs/%,$(obj)),-DNOTRACE)",
            make_variable(["fs/ext4", "fs/xfs"]),
        )


def _out(directory: str) -> Events:
    return Events(directory, False, "a:1")


if __name__ == "__main__":
    absltest.main()
