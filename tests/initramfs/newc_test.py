# SPDX-License-Identifier: Apache-2.0
"""The newc format: round trips, determinism, concatenation and refusals."""

import io
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.initramfs import newc

_NAMES = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_characters="/"),
    min_size=1,
    max_size=8,
).filter(lambda name: name not in (".", ".."))
_PATHS = st.lists(_NAMES, min_size=1, max_size=4).map("/".join)


def _entry(path: str, data: bytes, mode: int) -> newc.Entry:
    return newc.file(path, data, mode=mode)


_FILES = st.builds(_entry, _PATHS, st.binary(max_size=64), st.integers(0, 0o7777))


def _written(entries: Iterable[newc.Entry]) -> bytes:
    out = io.BytesIO()
    size = newc.write_layer(entries, out)
    assert size == len(out.getvalue())
    return out.getvalue()


def _without_nesting(files: list[newc.Entry]) -> list[newc.Entry]:
    """Leaves out files whose path is a proper prefix of another's: those cannot exist together."""
    paths = {entry.path for entry in files}
    prefixes = {
        "/".join(path.split("/")[:depth])
        for path in paths
        for depth in range(1, path.count("/") + 1)
    }
    return [entry for entry in files if entry.path not in prefixes]


class RoundTripTest(absltest.TestCase):
    @given(st.lists(_FILES, unique_by=lambda entry: entry.path), st.randoms())
    def test_files_come_back_whatever_their_order(self, files, random) -> None:  # type: ignore[no-untyped-def]
        files = _without_nesting(files)
        archive = _written(files)
        random.shuffle(files)
        self.assertEqual(_written(files), archive)
        self.assertEqual(len(archive) % 512, 0)
        back = {entry.path: entry for entry in newc.read_layers(archive)}
        for entry in files:
            self.assertEqual(back.pop(entry.path), entry)
        self.assertTrue(all(stat.S_ISDIR(entry.mode) for entry in back.values()))

    @given(st.lists(_FILES, unique_by=lambda entry: entry.path))
    def test_parents_precede_their_children(self, files) -> None:  # type: ignore[no-untyped-def]
        seen = set()
        for entry in newc.read_layers(_written(_without_nesting(files))):
            parent = entry.path.rpartition("/")[0]
            self.assertTrue(not parent or parent in seen, entry.path)
            seen.add(entry.path)

    def test_links_devices_and_modes_come_back(self) -> None:
        entries = [
            newc.char_device("dev/console", 5, 1),
            newc.directory("tmp", mode=0o1777),
            newc.symlink("bin/sh", "busybox"),
        ]
        back = {entry.path: entry for entry in newc.read_layers(_written(entries))}
        for entry in entries:
            self.assertEqual(back[entry.path], entry)

    def test_layers_concatenate(self) -> None:
        one, two = _written([newc.file("a", b"1")]), _written([newc.file("a", b"2")])
        entries = list(newc.read_layers(one + two))
        self.assertEqual([entry.content for entry in entries], [b"1", b"2"])

    def test_content_from_a_host_file_is_its_bytes(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "content")
            path.write_bytes(b"x" * 1001)
            self.assertEqual(
                _written([newc.file("f", path)]), _written([newc.file("f", b"x" * 1001)])
            )


class RefusalTest(parameterized.TestCase):
    @parameterized.named_parameters(
        ("absolute", "/etc/passwd"),
        ("empty", ""),
        ("empty_component", "a//b"),
        ("dot", "a/./b"),
        ("leading_dots", "../a"),
        ("trailing_dots", "a/.."),
        ("nul", "a\0b"),
        ("too_long", "x" * 4096),
        ("trailer", "TRAILER!!!"),
    )
    def test_bad_path_is_refused(self, path: str) -> None:
        with self.assertRaisesRegex(newc.NewcError, r"guest path .*\(from here\)"):
            _written([newc.file(path, b"", source="here")])

    def test_duplicate_names_both_sources(self) -> None:
        with self.assertRaisesRegex(newc.NewcError, "one.bin and two.bin"):
            _written([newc.file("f", b"", source="one.bin"), newc.file("f", b"", source="two.bin")])

    def test_file_below_a_file_is_refused(self) -> None:
        with self.assertRaisesRegex(newc.NewcError, "'a/b' .* below 'a'.*is no directory: plain"):
            _written([newc.file("a", b"", source="plain"), newc.file("a/b", b"")])

    def test_same_directory_twice_is_one(self) -> None:
        entries = list(newc.read_layers(_written([newc.directory("d"), newc.directory("d")])))
        self.assertLen(entries, 1)

    def test_cut_archive_names_the_offset(self) -> None:
        archive = _written([newc.file("f", b"12345678")])
        with self.assertRaisesRegex(newc.NewcError, "offset 0"):
            list(newc.read_layers(archive[:115]))

    def test_archive_without_trailer_is_refused(self) -> None:
        archive = _written([newc.file("f", b"1234")])
        end = archive.index(b"070701", 6)
        with self.assertRaisesRegex(newc.NewcError, "TRAILER"):
            list(newc.read_layers(archive[:end]))

    def test_something_else_is_no_layer(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "odd")
            path.write_bytes(b"abc")
            with self.assertRaisesRegex(newc.NewcError, "3 bytes is no cpio layer"):
                newc.concatenate([path], io.BytesIO())


if __name__ == "__main__":
    absltest.main()
