# SPDX-License-Identifier: Apache-2.0
"""The guest unpacks what tools/initramfs writes, and what other archivers do."""

from __future__ import annotations

import io
import os
import stat
import tempfile
from pathlib import Path
from unittest import mock

from absl.testing import absltest
from hypothesis import given
from hypothesis import strategies as st

from ktstr.guest.start.unpack import entries_of, unpack
from ktstr.initramfs import newc
from ktstr.model.errors import InfraError


def _layer(*entries: newc.Entry) -> bytes:
    out = io.BytesIO()
    newc.write_layer(entries, out)
    return out.getvalue()


def _entry(path: str, inode: int, data: bytes, kind: int = stat.S_IFREG) -> bytes:
    """An entry of a file with two names."""
    name = path.encode() + b"\0"
    fields = (inode, kind | 0o644, 0, 0, 2, 0, len(data), 0, 0, 0, 0, len(name), 0)
    head = b"070701" + b"".join(b"%08x" % each for each in fields) + name
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


class UnpackTest(absltest.TestCase):
    def setUp(self) -> None:
        self.root = Path(self.create_tempdir().full_path)

    def _unpack(self, *entries: newc.Entry) -> None:
        unpack(entries_of(_layer(*entries)), os.fsencode(self.root))

    def test_writes_files_directories_and_links(self) -> None:
        self._unpack(
            newc.file("ktstr/src/a.py", b"print()\n"),
            newc.file("bin/tool", b"#!", mode=0o755),
            newc.directory("work", mode=0o1777),
            newc.symlink("bin/link", "tool"),
        )
        self.assertEqual((self.root / "ktstr/src/a.py").read_bytes(), b"print()\n")
        self.assertEqual((self.root / "bin/tool").stat().st_mode & 0o7777, 0o755)
        self.assertEqual((self.root / "work").stat().st_mode & 0o7777, 0o1777)
        self.assertEqual(os.readlink(self.root / "bin/link"), "tool")

    def test_replaces_what_is_there(self) -> None:
        (self.root / "ktstr").mkdir()
        (self.root / "ktstr/kept").write_bytes(b"kept")
        (self.root / "ktstr/plan.json").write_bytes(b"a longer text than the new one")
        (self.root / "ktstr/link").symlink_to("kept")
        self._unpack(newc.file("ktstr/plan.json", b"new"), newc.file("ktstr/link", b"own"))
        self.assertEqual((self.root / "ktstr/plan.json").read_bytes(), b"new")
        self.assertEqual((self.root / "ktstr/link").read_bytes(), b"own")
        self.assertEqual((self.root / "ktstr/kept").read_bytes(), b"kept")

    @given(st.dictionaries(st.from_regex(r"[a-z]{1,9}", fullmatch=True), st.binary(max_size=99)))
    def test_files_come_out_as_they_went_in(self, files: dict[str, bytes]) -> None:
        with tempfile.TemporaryDirectory() as root:
            layer = _layer(*(newc.file(*each) for each in files.items()))
            unpack(entries_of(layer), os.fsencode(root))
            found = {path.name: path.read_bytes() for path in Path(root).iterdir()}
        self.assertEqual(found, files)

    def test_several_layers_go_over_each_other(self) -> None:
        layers = _layer(newc.file("a", b"1")) + _layer(newc.file("a", b"2"))
        unpack(entries_of(layers), os.fsencode(self.root))
        self.assertEqual((self.root / "a").read_bytes(), b"2")

    def test_says_what_is_wrong_with_a_layer(self) -> None:
        whole = _layer(newc.file("a", b"some bytes"))
        for layer, words in (
            (b"no cpio", "no newc header at byte 0"),
            (whole[:60], "no newc header at byte 0"),
            (whole[:116], "its entry at byte 0 runs past it"),
            (whole[:124], "without its trailer"),
            (b"070701" + b"x" * 104, "no newc header at byte 0"),
        ):
            with self.assertRaisesRegex(InfraError, words):
                list(entries_of(layer))

    def test_symbolic_links_of_one_inode_stay_links(self) -> None:
        links = (_entry(name, 7, b"tool", stat.S_IFLNK) for name in ("sh", "ash"))
        layer = _layer(newc.file("tool", b"program")) + b"".join(links) + _layer()
        unpack(entries_of(layer), os.fsencode(self.root))
        self.assertEqual((self.root / "tool").read_bytes(), b"program")
        self.assertEqual(os.readlink(self.root / "ash"), "tool")

    def test_what_comes_later_has_its_own_kind_and_mode(self) -> None:
        first = _layer(
            newc.directory("kept", mode=0o1777),
            newc.directory("empty"),
            newc.symlink("link", "kept"),
            newc.file("kept/file", b"x"),
        )
        later = _layer(
            newc.directory("kept", mode=0o700),
            newc.file("empty", b"a file"),
            newc.directory("link", mode=0o750),
        )
        unpack(entries_of(first + later), os.fsencode(self.root))
        self.assertEqual((self.root / "kept").stat().st_mode & 0o7777, 0o700)
        self.assertEqual((self.root / "kept/file").read_bytes(), b"x")
        self.assertEqual((self.root / "empty").read_bytes(), b"a file")
        self.assertTrue(stat.S_ISDIR((self.root / "link").lstat().st_mode))

    def test_names_of_one_inode_are_one_file(self) -> None:
        # as GNU cpio does, the last of the names brings the bytes
        linked = _entry("a", 7, b"") + _entry("b", 7, b"both") + _layer()
        another = _entry("c", 7, b"of another layer") + _layer()
        unpack(entries_of(linked + another), os.fsencode(self.root))
        self.assertEqual((self.root / "a").read_bytes(), b"both")
        self.assertTrue((self.root / "a").samefile(self.root / "b"))
        self.assertEqual((self.root / "a").stat().st_nlink, 2)
        self.assertEqual((self.root / "c").read_bytes(), b"of another layer")

    def test_a_pipe_and_a_device(self) -> None:
        with mock.patch.object(os, "mknod") as made:
            self._unpack(newc.char_device("null", 1, 3, mode=0o666))
        where = os.fsencode(self.root / "null")
        made.assert_called_once_with(where, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        self._unpack(newc.Entry("pipe", stat.S_IFIFO | 0o600))
        self.assertTrue(stat.S_ISFIFO((self.root / "pipe").lstat().st_mode))

    def test_names_what_cannot_be_written(self) -> None:
        (self.root / "a/full").mkdir(parents=True)
        with self.assertRaisesRegex(InfraError, "cannot unpack a layer: .*/a'"):
            self._unpack(newc.file("a", b""))
        with self.assertRaisesRegex(InfraError, "odd is nothing that an initramfs may hold"):
            self._unpack(newc.Entry("odd", 0o644))


if __name__ == "__main__":
    absltest.main()
