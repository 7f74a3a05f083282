# SPDX-License-Identifier: Apache-2.0
"""Layers that contradict each other are told with both files; those that agree are not."""

from pathlib import Path

from absl.testing import absltest

from ktstr.initramfs import newc
from ktstr.model.errors import UsageError
from tools.payload import collisions
from tools.payload.index import Index, check_collisions, index_of


def _index(owner: str, *entries: newc.Entry) -> Index:
    return index_of(owner, entries)


class CollisionsTest(absltest.TestCase):
    def test_the_same_file_twice_is_harmless(self) -> None:
        one = _index("//a", newc.file("usr/lib/x.so", b"x", source="x of one"))
        other = _index("//b", newc.file("usr/lib/x.so", b"x", source="x of another"))
        check_collisions([one, other])

    def test_directories_are_harmless_whatever_their_mode(self) -> None:
        one = _index("//a", newc.directory("etc", mode=0o700))
        check_collisions([one, _index("//b", newc.file("etc/b", b"b"))])

    def test_two_contents_are_refused_naming_both(self) -> None:
        one = _index("//a", newc.file("usr/lib/x.so", b"1", source="x of one"))
        other = _index("//b", newc.file("usr/lib/x.so", b"2", source="x of another"))
        with self.assertRaisesRegex(
            UsageError,
            r"/usr/lib/x\.so of the guest .* x of one, mode 100644 \(//a\) and x of another, "
            r"mode 100644 \(//b\)",
        ):
            check_collisions([one, other])

    def test_two_modes_of_one_content_are_refused_naming_both(self) -> None:
        one = _index("//a", newc.file("bin/x", b"1", mode=0o755, source="x"))
        other = _index("//b", newc.file("bin/x", b"1", mode=0o644, source="x"))
        with self.assertRaisesRegex(UsageError, r"100755 \(//a\) and x, mode 100644 \(//b\)"):
            check_collisions([one, other])

    def test_a_file_where_another_layer_has_a_directory_is_refused(self) -> None:
        one = _index("//a", newc.file("etc/x/y", b"1", source="y"))
        other = _index("//b", newc.file("etc/x", b"1", source="x"))
        with self.assertRaisesRegex(UsageError, r"/etc/x of the guest .*\(//a\) and x.*\(//b\)"):
            check_collisions([one, other])


class ProgramTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(self.create_tempdir().full_path)

    def _run(self, *contents: bytes) -> bool:
        """Whether the program accepts one payload for each content of one path."""
        words = ["--owner=//t", f"--stamp={self.folder}/stamp"]
        for number, content in enumerate(contents):
            path = self.folder / f"{number}.json"
            path.write_text(_index(f"//p{number}", newc.file("x", content)).to_json())
            words.append(str(path))
        status = collisions.main(words)
        self.assertEqual(status == 0, (self.folder / "stamp").exists())
        return status == 0

    def test_indexes_survive_their_files(self) -> None:
        self.assertFalse(self._run(b"1", b"2"))
        self.assertTrue(self._run(b"1", b"1"))


if __name__ == "__main__":
    absltest.main()
