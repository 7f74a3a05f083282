# SPDX-License-Identifier: Apache-2.0
"""Disk templates: the same bytes from anywhere, file systems that check out, and clear errors.

Each is made in the Debian root as disk_template's actions do.
"""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from absl.testing import absltest, parameterized
from runfiles import Runfiles

from tools.disk.template import Content, Template, key_of, protofile
from tools.root.enter import Entry, command_line

_FILESYSTEMS = (("btrfs", 256), ("ext4", 64), ("xfs", 300))
_CHECKERS = {
    "btrfs": ["btrfs", "check", "--readonly"],
    "ext4": ["e2fsck", "-f", "-n"],
    "xfs": ["xfs_repair", "-n"],
}
_DEADLINE_SECONDS = 120
_MOST_BYTES = 1 << 20


class TemplateTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.work = Path(self.create_tempdir().full_path)
        self.text = self._file("text", b"hello\n")
        self.program = self._file("program", b"#!/bin/sh\nexit 0\n")
        self.before: list[str] = []

    @parameterized.parameters(*_FILESYSTEMS)
    def test_two_directories_give_the_same_bytes(self, filesystem: str, mib: int) -> None:
        contents = {"/a/text": self.text, "/a/b/program": self.program, "/z": self.text}
        backwards = dict(reversed(contents.items()))
        first = self._made("one", filesystem, mib, contents, umask=0o022)
        second = self._made("another/place", filesystem, mib, backwards, umask=0o077)
        self.assertEqual(first.joinpath("key").read_text(), second.joinpath("key").read_text())
        same = first.joinpath("image").read_bytes() == second.joinpath("image").read_bytes()
        self.assertTrue(same, "the images differ between two builds")

    @parameterized.parameters(*_FILESYSTEMS)
    def test_a_file_system_without_holes_gives_the_same_bytes(
        self, filesystem: str, mib: int
    ) -> None:
        contents = {"/a/text": self.text, "/a/b/program": self.program}
        first = self._made("one", filesystem, mib, contents)
        self.before = [sys.executable, str(_located("_main/tests/disk/holeless.py"))]
        second = self._made("two", filesystem, mib, contents)
        same = first.joinpath("image").read_bytes() == second.joinpath("image").read_bytes()
        self.assertTrue(same, "the images differ between two file systems of the host")

    def test_not_even_a_uuid_made_of_the_time_varies(self) -> None:
        first = self._made("one", "ext4", 8, options=["-Utime"])
        second = self._made("two", "ext4", 8, options=["-Utime"])
        self.assertEqual(
            first.joinpath("image").read_bytes(), second.joinpath("image").read_bytes()
        )

    @parameterized.parameters(*_FILESYSTEMS)
    def test_the_image_checks_out_and_holds_its_contents(self, filesystem: str, mib: int) -> None:
        made = self._made("one", filesystem, mib, {"/a/text": self.text, "/program": self.program})
        checker = " ".join(_CHECKERS[filesystem])
        convert = "qemu-img convert -O raw /made/image /build/raw"
        script = f"{convert} && stat -c %s /build/raw && {checker} /build/raw"
        done = self._in_root([f"--ro={made}=/made"], ["sh", "-c", script])
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertEqual(str(mib << 20), done.stdout.splitlines()[0])

    @parameterized.parameters(*_FILESYSTEMS)
    def test_files_may_be_called_anything(self, filesystem: str, mib: int) -> None:
        names = ("/date=2026-01-01/part.bin", "/x y/a  b", "/x y/c:d,e+f@g", "/q'\"#$;%/\u00e4")
        source = self.work / "date=2026-01-01" / "a =b,"
        source.parent.mkdir()
        source.write_bytes(b"hello\n")
        made = self._made("one", filesystem, mib, dict.fromkeys(names, source))
        checker = " ".join(_CHECKERS[filesystem])
        script = (
            f"qemu-img convert -O raw /made/image /build/raw && {checker} /build/raw && "
            'for name; do grep -aqF -- "$name" /build/raw || { echo "no $name"; exit 1; }; done'
        )
        words = [word for name in names for word in name[1:].split("/")]
        done = self._in_root([f"--ro={made}=/made"], ["sh", "-c", script, "sh", *words])
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_an_empty_template_is_small(self) -> None:
        for filesystem, mib in (*_FILESYSTEMS, ("raw", 256)):
            made = self._made(filesystem, filesystem, mib)
            self.assertLess(made.joinpath("image").stat().st_size, _MOST_BYTES, filesystem)

    def test_templates_that_differ_have_uuids_that_differ(self) -> None:
        uuids = set()
        for place, options in (("one", []), ("two", ["-L", "data"])):
            made = self._made(place, "ext4", 64, options=options)
            script = (
                "qemu-img convert -O raw /made/image /build/raw && "
                "dumpe2fs -h /build/raw | grep -E 'UUID|Hash Seed'"
            )
            done = self._in_root([f"--ro={made}=/made"], ["sh", "-c", script])
            found = re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", done.stdout)
            self.assertLen(found, 2, done.stdout + done.stderr)
            uuids.update(found)
        self.assertLen(uuids, 4)

    @parameterized.parameters(
        ("btrfs", 16, "--mixed"), ("ext4", 1, "-O^has_journal"), ("xfs", 300, "-Ldata")
    )
    def test_mkfs_takes_the_options(self, filesystem: str, mib: int, option: str) -> None:
        made = self._made("one", filesystem, mib, options=[option])
        self.assertStartsWith(made.joinpath("key").read_text(), f"{filesystem}-{mib}m-")

    @parameterized.parameters(
        ("btrfs", 108, "minimum size for each btrfs device is"),
        ("xfs", 299, "Filesystem must be larger than 300MB"),
    )
    def test_what_mkfs_refuses_is_told_in_its_words(
        self, filesystem: str, mib: int, words: str
    ) -> None:
        done = self._make("one", filesystem, mib)
        self.assertEqual(1, done.returncode)
        self.assertIn(
            f"disk_template //a:b: {filesystem} of {mib} MiB, mkfs_options []", done.stderr
        )
        self.assertIn("ended with status 1", done.stderr)
        self.assertIn(words, done.stderr)
        self.assertNotIn("is full", done.stderr)

    def test_an_unknown_option_is_shown(self) -> None:
        done = self._make("one", "ext4", 64, options=["--no-such-thing"])
        self.assertEqual(1, done.returncode)
        self.assertIn("mkfs_options ['--no-such-thing']", done.stderr)
        self.assertIn("ended with status 1", done.stderr)

    def test_an_option_that_only_shows_is_found_out(self) -> None:
        done = self._make("one", "xfs", 300, options=["-N"])
        self.assertEqual(1, done.returncode)
        self.assertIn("succeeded and wrote no xfs", done.stderr)

    def test_a_disk_is_as_large_as_asked_for_whatever_the_file_system(self) -> None:
        options = ["--shrink"]
        made = self._made("one", "btrfs", 256, {"/text": self.text}, options=options)
        convert = "qemu-img convert -O raw /made/image /build/raw"
        script = f"{convert} && stat -c %s /build/raw && btrfs check --readonly /build/raw"
        done = self._in_root([f"--ro={made}=/made"], ["sh", "-c", script])
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertEqual(str(256 << 20), done.stdout.splitlines()[0])

    def test_a_directory_among_the_contents(self) -> None:
        done = self._make("one", "ext4", 64, {"/here": self.work / "one"})
        self.assertEqual(1, done.returncode)
        self.assertIn("disk_template //a:b: ext4 of 64 MiB, mkfs_options []: ", done.stderr)
        self.assertIn("what is to be '/here' is a directory; name its files", done.stderr)

    @parameterized.parameters(*_FILESYSTEMS)
    def test_contents_that_do_not_fit(self, filesystem: str, mib: int) -> None:
        large = self._file("large", os.urandom(mib << 20))
        done = self._make("one", filesystem, mib, {"/large": large})
        self.assertEqual(1, done.returncode)
        self.assertIn(f"contents of {mib} MiB: ", done.stderr)
        self.assertRegex(done.stderr, "the contents do not fit|ended with status")
        self.assertFalse((self.work / "one" / "image").exists())

    def test_a_full_disk_is_told(self) -> None:
        large = self._file("large", os.urandom(8 << 20))
        # what does not fit: the copy of the contents, then what mkfs writes
        for mib, message in ((4, "No space left on device"), (10, "ended with status")):
            entry = Entry(
                _located("debian_root/root"),
                read_only={
                    "/in/0": large,
                    "/ktstr/template.py": _located("_main/tools/disk/template.py"),
                    "/ktstr/fixed.c": _located("_main/tools/disk/fixed.c"),
                },
                writable={"/out": self.work},
            )
            line = command_line(entry, _command("ext4", 64, ["--content=/in/0=/large"]))
            split = line.index("--unshare-net")
            line[split:split] = ["--size", str(mib << 20), "--tmpfs", "/build"]
            done = subprocess.run(
                line, capture_output=True, text=True, timeout=_DEADLINE_SECONDS, check=False
            )
            self.assertEqual(1, done.returncode)
            self.assertIn("the disk that Bazel builds on is full", done.stderr)
            self.assertIn(message, done.stderr)

    def _file(self, name: str, content: bytes) -> Path:
        path = self.work / name
        path.write_bytes(content)
        return path

    def _made(
        self,
        place: str,
        filesystem: str,
        mib: int,
        contents: dict[str, Path] | None = None,
        *,
        options: Sequence[str] = (),
        umask: int = 0o022,
    ) -> Path:
        done = self._make(place, filesystem, mib, contents, options=options, umask=umask)
        self.assertEqual(0, done.returncode, done.stderr)
        return self.work / place

    def _make(
        self,
        place: str,
        filesystem: str,
        mib: int,
        contents: dict[str, Path] | None = None,
        *,
        options: Sequence[str] = (),
        umask: int = 0o022,
    ) -> subprocess.CompletedProcess[str]:
        out = self.work / place
        out.mkdir(parents=True)
        bound, arguments = [], [f"--option={option}" for option in options]
        for index, (path, file) in enumerate((contents or {}).items()):
            bound.append(f"--ro={file}=/in/{index}")
            arguments.append(f"--content=/in/{index}={path}")
        for name in ("template.py", "fixed.c"):
            bound.append(f"--ro={_located(f'_main/tools/disk/{name}')}=/ktstr/{name}")
        for name in ("image", "key"):
            bound.append(f"--out={name}={out / name}")
        return self._in_root(bound, _command(filesystem, mib, arguments), umask)

    def _in_root(
        self, bound: Sequence[str], command: Sequence[str], umask: int = 0o022
    ) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, str(_located("_main/tools/root/enter.py"))]
        line += ["--root", str(_located("debian_root/root")), "--scratch", "/build", *bound]
        return subprocess.run(
            [*self.before, *line, "--", *command],
            cwd=self.work,
            capture_output=True,
            text=True,
            timeout=_DEADLINE_SECONDS,
            check=False,
            umask=umask,
        )


class KeyTest(absltest.TestCase):
    def test_every_input_changes_the_key(self) -> None:
        text = Path(self.create_tempfile("text", "hello").full_path)
        other = Path(self.create_tempfile("other", "hallo").full_path)

        def key(
            size: int = 256,
            options: tuple[str, ...] = (),
            contents: tuple[Content, ...] = (),
            version: str = "v6",
            tool: str = "tool",
        ) -> str:
            return key_of(Template("btrfs", size, options, contents), version, tool)

        keys = [
            key(),
            key(size=257),
            key(options=("-L", "a")),
            key(version="v7"),
            key(tool="another"),
            key(contents=(Content(text, "/a", 0o644),)),
            key(contents=(Content(text, "/b", 0o644),)),
            key(contents=(Content(text, "/a", 0o755),)),
            key(contents=(Content(other, "/a", 0o644),)),
        ]
        self.assertLen(set(keys), len(keys))
        self.assertEqual(keys[0], key())
        self.assertRegex(keys[0], "^btrfs-256m-[0-9a-f]{16}$")

    def test_a_raw_image_has_no_maker(self) -> None:
        self.assertEqual("raw-1024m-noversion", key_of(Template("raw", 1024), "v6", "tool"))

    def test_a_protofile_nests_and_is_sorted(self) -> None:
        tree = Path(self.create_tempdir().full_path)
        (tree / "b").mkdir()
        files = (("b/y", 0o755), ("b/x", 0o644), ("c  d", 0o644), ("a", 0o644))
        for name, mode in files:
            (tree / name).touch()
            (tree / name).chmod(mode)
        (tree / "b").chmod(0o755)
        expected = """\
/dev/null
0 0
d--755 0 0
a ---644 0 0 /in/3
b d--755 0 0
x ---644 0 0 /in/1
y ---755 0 0 /in/0
$
c//d ---644 0 0 /in/2
$
"""
        sources = {tree / name: Path(f"/in/{index}") for index, (name, _) in enumerate(files)}
        self.assertEqual(expected, protofile(tree, sources))


def _command(filesystem: str, mib: int, arguments: Sequence[str]) -> list[str]:
    line = ["python3", "-I", "/ktstr/template.py", "--label=//a:b", f"--filesystem={filesystem}"]
    line += [f"--size-mib={mib}", "--fixed=/ktstr/fixed.c", "--work=/build", "--out=/out"]
    return [*line, *arguments]


def _located(path: str) -> Path:
    runfiles = Runfiles.Create()
    assert runfiles is not None
    found = runfiles.Rlocation(path)
    assert found is not None, path
    return Path(found).resolve()


if __name__ == "__main__":
    absltest.main()
