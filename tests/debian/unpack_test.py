# SPDX-License-Identifier: Apache-2.0
"""The root is made of its packages and layout alone, or there is an error that says why."""

import hashlib
import os
import stat
from pathlib import Path

from absl.testing import absltest, parameterized

from tests.debian.packages import File, Link, Pipe, archive, data_tar, write_package
from tools.debian.unpack import Layout, Package, UnpackError, extract_member, unpack_root

_LAYOUT = Layout(top=("usr", "etc"), exclude=("usr/share/doc/*",), links={})
_ONE_EXBIBYTE = 1 << 60


class UnpackTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.directory = Path(self.create_tempdir().full_path)
        self.out = self.directory / "root"

    def package(
        self, name: str, entries: dict[str, File | Link | Pipe | None], installed_bytes: int = 4096
    ) -> Package:
        file = write_package(self.directory / f"{name}.deb", entries)
        return Package(name, file, installed_bytes)

    def tree(self) -> dict[str, str]:
        """Path -> link target, "x" or "-" with a digest, for all but directories."""
        found = {}
        for directory, names, files in os.walk(self.out):
            for name in names + files:
                path = Path(directory, name)
                key = str(path.relative_to(self.out))
                if path.is_symlink():
                    found[key] = os.readlink(path)
                elif path.is_file():
                    kind = "x" if path.stat().st_mode & stat.S_IXUSR else "-"
                    found[key] = kind + hashlib.sha256(path.read_bytes()).hexdigest()[:8]
        return found

    def test_files_keep_content_and_executable_bit_and_lose_set_uid(self) -> None:
        package = self.package(
            "a", {"usr/bin/su": File(b"program", program=True), "etc/su.conf": File(b"text")}
        )
        unpack_root([package], _LAYOUT, self.out)
        self.assertEqual(
            self.tree(),
            {
                "usr/bin/su": "x" + hashlib.sha256(b"program").hexdigest()[:8],
                "etc/su.conf": "-" + hashlib.sha256(b"text").hexdigest()[:8],
            },
        )
        self.assertEqual(stat.S_IMODE((self.out / "usr/bin/su").stat().st_mode), 0o755)

    def test_directories_merged_into_usr_are_found_there(self) -> None:
        package = self.package("a", {"bin": Link("usr/bin"), "bin/sh": File(b"sh", program=True)})
        unpack_root([package], _LAYOUT, self.out)
        self.assertEqual(list(self.tree()), ["usr/bin/sh"])

    def test_only_what_the_layout_keeps_is_written(self) -> None:
        entries: dict[str, File | Link | Pipe | None] = {
            "usr/share/doc/a/copyright": File(b"c"),
            "var/lib/a": File(b"v"),
            "usr/share/a": File(b"a"),
        }
        unpack_root([self.package("a", entries)], _LAYOUT, self.out)
        self.assertEqual(list(self.tree()), ["usr/share/a"])

    def test_absolute_links_become_relative_and_dead_or_looping_ones_go(self) -> None:
        entries: dict[str, File | Link | Pipe | None] = {
            "usr/lib/a/data": Link("/etc/data"),
            "etc/data": File(b"d"),
            "usr/lib/dead": Link("nowhere"),
            "usr/lib/outside": Link("../../../../../../../../etc/hostname"),
            "usr/lib/a/loop": Link(".."),
        }
        unpack_root([self.package("a", entries)], _LAYOUT, self.out)
        self.assertEqual(self.tree()["usr/lib/a/data"], "../../../etc/data")
        self.assertCountEqual(self.tree(), ["usr/lib/a/data", "etc/data"])

    def test_a_hard_link_is_the_same_file(self) -> None:
        entries: dict[str, File | Link | Pipe | None] = {
            "usr/bin/perl": File(b"perl", program=True),
            "usr/bin/perl5": Link("./usr/bin/perl", hard=True),
        }
        unpack_root([self.package("a", entries)], _LAYOUT, self.out)
        self.assertTrue((self.out / "usr/bin/perl").samefile(self.out / "usr/bin/perl5"))

    def test_layout_links_are_added(self) -> None:
        package = self.package("a", {"usr/bin/gawk": File(b"awk", program=True)})
        layout = Layout(("usr",), (), {"usr/bin/awk": "gawk"})
        unpack_root([package], layout, self.out)
        self.assertEqual(self.tree()["usr/bin/awk"], "gawk")

    def test_the_order_of_packages_does_not_matter(self) -> None:
        packages = [self.package(f"p{i}", {f"usr/bin/{i}": File(b"%d" % i)}) for i in range(5)]
        unpack_root(packages, _LAYOUT, self.out)
        first, self.out = self.tree(), self.directory / "again"
        unpack_root(packages[::-1], _LAYOUT, self.out)
        self.assertEqual(self.tree(), first)

    def test_a_path_in_two_packages_is_an_error(self) -> None:
        packages = [self.package(name, {"usr/bin/x": File(b"x")}) for name in ("a", "b")]
        with self.assertRaisesRegex(UnpackError, "usr/bin/x of [ab] is already there"):
            unpack_root(packages, _LAYOUT, self.out)

    @parameterized.named_parameters(
        ("taken", {"usr/bin/a": "b"}, "a package ships usr/bin/a itself"),
        ("dead", {"usr/bin/x": "y"}, "usr/bin/x -> y: nothing is there"),
    )
    def test_a_bad_layout_link_is_an_error(self, links: dict[str, str], text: str) -> None:
        package = self.package("a", {"usr/bin/a": File(b"a")})
        with self.assertRaisesRegex(UnpackError, text):
            unpack_root([package], Layout(("usr",), (), links), self.out)

    def test_no_disk_space_is_told_before_anything_is_written(self) -> None:
        package = self.package("huge", {"usr/a": File(b"a")}, installed_bytes=_ONE_EXBIBYTE)
        with self.assertRaisesRegex(UnpackError, r"no disk space: .* need \d+ MiB .* MiB free"):
            unpack_root([package], _LAYOUT, self.out)
        self.assertFalse(self.out.exists())

    @parameterized.named_parameters(
        ("no_archive", b"<html>not found</html>", "not a Debian package"),
        ("no_data", archive({"debian-binary": b"2.0\n"}), "no data.tar"),
        ("cut", archive({"data.tar.xz": data_tar({"usr/a": File(b"a" * 999)})})[:150], "damaged"),
        ("unknown_compression", archive({"data.tar.lrz": b""}), "does not know"),
        ("special_file", archive({"data.tar.xz": data_tar({"usr/p": Pipe()})}), "entry type"),
        ("escape", archive({"data.tar.xz": data_tar({"usr/../../p": File()})}), "leaves the root"),
    )
    def test_a_damaged_package_is_an_error(self, content: bytes, text: str) -> None:
        file = self.directory / "bad.deb"
        file.write_bytes(content)
        with self.assertRaisesRegex(UnpackError, text):
            unpack_root([Package("bad", file, 4096)], _LAYOUT, self.out)

    def test_one_file_is_extracted(self) -> None:
        package = self.package("src", {"usr/src/linux.tar": File(b"tar"), "usr/src/x": File(b"x")})
        extract_member(package, "usr/src/linux.tar", self.out)
        self.assertEqual(self.out.read_bytes(), b"tar")

    def test_a_missing_file_is_an_error(self) -> None:
        package = self.package("src", {"usr/src/x": File(b"x")})
        with self.assertRaisesRegex(UnpackError, r"src \(src.deb\) has no file usr/src/y"):
            extract_member(package, "usr/src/y", self.out)


if __name__ == "__main__":
    absltest.main()
