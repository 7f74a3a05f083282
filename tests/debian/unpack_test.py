# SPDX-License-Identifier: Apache-2.0
"""The root is made of its packages and layout alone, or there is an error that says why."""

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

    def tree(self) -> dict[str, bytes]:
        """Path -> content of all files; that there is nothing else than a farm would leave."""
        found = {}
        for path in sorted(self.out.rglob("*")):
            self.assertFalse(path.is_symlink(), path)
            if path.is_dir():
                self.assertNotEmpty(list(path.iterdir()), path)
            else:
                self.assertEqual(stat.filemode(path.stat().st_mode), "-rwxr-xr-x", path)
                found[str(path.relative_to(self.out))] = path.read_bytes()
        listing = found.pop("files.txt").decode()
        self.assertEqual(listing, "".join(f"{len(found[path])} {path}\n" for path in sorted(found)))
        return found

    def test_files_keep_content_and_become_what_a_farm_makes_of_them(self) -> None:
        package = self.package(
            "a",
            {
                "usr/bin/su": File(b"program", program=True),
                "etc/su.conf": File(b"text"),
                "usr/empty": None,
            },
        )
        unpack_root([package], _LAYOUT, self.out)
        self.assertEqual(self.tree(), {"usr/bin/su": b"program", "etc/su.conf": b"text"})

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

    def test_links_become_what_they_lead_to_and_dead_or_looping_ones_go(self) -> None:
        entries: dict[str, File | Link | Pipe | None] = {
            "usr/lib/a/data": Link("/etc/data"),
            "etc/data": File(b"d"),
            "usr/lib/twice": Link("a/data"),
            "usr/lib/b": Link("a"),
            "usr/lib/dead": Link("nowhere"),
            "usr/lib/outside": Link("../../../../../../../../etc/hostname"),
            "usr/lib/a/loop": Link(".."),
        }
        unpack_root([self.package("a", entries)], _LAYOUT, self.out)
        paths = ["etc/data", "usr/lib/a/data", "usr/lib/b/data", "usr/lib/twice"]
        self.assertEqual(self.tree(), dict.fromkeys(paths, b"d"))
        self.assertTrue((self.out / "etc/data").samefile(self.out / "usr/lib/b/data"))

    def test_links_that_lead_round_in_a_circle_are_an_error(self) -> None:
        entries: dict[str, File | Link | Pipe | None] = {
            "usr/a/x": Link("../b"),
            "usr/b/y": Link("../a"),
        }
        with self.assertRaisesRegex(UnpackError, "usr/a/x/y leads round in a circle"):
            unpack_root([self.package("a", entries)], _LAYOUT, self.out)

    def test_a_link_to_what_is_left_out_goes(self) -> None:
        entries: dict[str, File | Link | Pipe | None] = {
            "usr/share/doc/a": File(b"a"),
            "usr/share/b": Link("doc/a"),
            "usr/share/c": File(b"c"),
        }
        unpack_root([self.package("a", entries)], _LAYOUT, self.out)
        self.assertEqual(self.tree(), {"usr/share/c": b"c"})

    def test_a_link_through_a_link_that_goes_goes_too(self) -> None:
        entries: dict[str, File | Link | Pipe | None] = {
            "usr/lib/x": Link("a/z/a/f"),
            "usr/lib/a/f": File(b"f"),
            "usr/lib/a/z": Link(".."),
        }
        unpack_root([self.package("a", entries)], _LAYOUT, self.out)
        self.assertEqual(self.tree(), {"usr/lib/a/f": b"f"})

    def test_what_is_dropped_stays_where_a_link_has_put_it(self) -> None:
        entries: dict[str, File | Link | Pipe | None] = {
            "usr/lib/p5.40.1/a": File(b"a"),
            "usr/lib/p5.40": Link("p5.40.1"),
            "usr/lib/p5": Link("p5.40"),
        }
        layout = Layout(("usr",), (), {}, drop=("usr/lib/p5.40.1/*", "usr/lib/p5/*"))
        unpack_root([self.package("a", entries)], layout, self.out)
        self.assertEqual(self.tree(), {"usr/lib/p5.40/a": b"a"})

    def test_a_hard_link_is_the_same_file(self) -> None:
        entries: dict[str, File | Link | Pipe | None] = {
            "usr/bin/perl": File(b"perl", program=True),
            "usr/bin/perl5": Link("./usr/bin/perl", hard=True),
        }
        unpack_root([self.package("a", entries)], _LAYOUT, self.out)
        self.assertTrue((self.out / "usr/bin/perl").samefile(self.out / "usr/bin/perl5"))

    def test_layout_links_are_followed(self) -> None:
        package = self.package("a", {"usr/bin/gawk": File(b"awk", program=True)})
        layout = Layout(("usr",), (), {"usr/bin/awk": "gawk"})
        unpack_root([package], layout, self.out)
        self.assertEqual(self.tree(), {"usr/bin/awk": b"awk", "usr/bin/gawk": b"awk"})

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
