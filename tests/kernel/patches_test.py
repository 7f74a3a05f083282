# SPDX-License-Identifier: Apache-2.0
"""Patches on an archive of sources, in the Debian root, as kernel_source applies them."""

from __future__ import annotations

import io
import os
import pathlib
import subprocess
import sys
import tarfile

from absl.testing import absltest

from tests.support.located import located

_NUMBERS = "".join(f"{number}\n" for number in range(1, 41))
_TREE = {
    "Kconfig": "config X\n",
    "kernel/sched/a.c": _NUMBERS,
    "kernel/old.sh": "old\n",
    "kernel/gone.c": "gone\n",
    "kernel/other.c": "other\n",
}


def _hunk(line: int, wanted: object, new: str, *, says: int = 0) -> str:
    """A hunk that changes a line of _NUMBERS, with one line around it."""
    at = says or line - 1
    return f"@@ -{at},3 +{at},3 @@\n {line - 1}\n-{wanted}\n+{new}\n {line + 1}\n"


def _of(path: str, *hunks: str) -> str:
    return f"--- a/{path}\n+++ b/{path}\n{''.join(hunks)}"


_ADD_AND_REMOVE = """\
--- /dev/null
+++ b/kernel/new.c
@@ -0,0 +1 @@
+new
--- a/kernel/gone.c
+++ /dev/null
@@ -1 +0,0 @@
-gone
diff --git a/kernel/old.sh b/kernel/moved.sh
similarity index 100%
rename from kernel/old.sh
rename to kernel/moved.sh
"""


class PatchesTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.work = pathlib.Path(self.create_tempdir().full_path)
        self.source = self.work / "linux.tar.gz"
        with tarfile.open(self.source, "w:gz") as tar:
            for name, text in _TREE.items():
                info = tarfile.TarInfo(f"linux-1/{name}")
                info.size, info.mode = len(text), 0o755 if name.endswith(".sh") else 0o644
                tar.addfile(info, io.BytesIO(text.encode()))

    def test_they_are_applied_in_their_order(self) -> None:
        first = _of("kernel/sched/a.c", _hunk(7, 7, "seven"), _hunk(30, 30, "thirty"))
        second = _of("kernel/sched/a.c", _hunk(7, "seven", "VII", says=9))
        third = _of("kernel/new.c", "@@ -1 +1 @@\n-new\n+newer\n")
        patches = first, second, _ADD_AND_REMOVE, third
        found = self.applied(*patches)
        lines = found.pop("kernel/sched/a.c")[1].splitlines()
        self.assertEqual((lines[6], lines[29], len(lines)), ("VII", "thirty", 40))
        self.assertEqual(
            found,
            {
                "Kconfig": (0o644, "config X\n"),
                "kernel/other.c": (0o644, "other\n"),
                "kernel/new.c": (0o644, "newer\n"),
                "kernel/moved.sh": (0o755, "old\n"),
            },
        )

    def test_a_new_mode_alone_and_files_without_lines(self) -> None:
        found = self.applied(
            "diff --git a/kernel/other.c b/kernel/other.c\nold mode 100644\nnew mode 100755\n"
            "diff --git a/kernel/empty b/kernel/empty\nnew file mode 100644\nindex 000..e69\n"
        )
        self.assertEqual(found["kernel/other.c"], (0o755, "other\n"))
        self.assertEqual(found["kernel/empty"], (0o644, ""))

    def test_a_carriage_return_is_no_end_of_a_line(self) -> None:
        patch = _of("kernel/sched/a.c", "@@ -1,3 +1,3 @@\n 1\n-2\n+t\rwo\n 3\n")
        self.assertIn("\nt\rwo\n", self.applied(patch)["kernel/sched/a.c"][1])

    def test_the_same_patches_give_the_same_bytes(self) -> None:
        patch = _of("kernel/sched/a.c", _hunk(7, 7, "seven")) + _ADD_AND_REMOVE
        self.applied(patch)
        before = (self.work / "out").read_bytes()
        self.applied(patch)
        self.assertEqual(before, (self.work / "out").read_bytes())

    def test_what_does_not_fit_is_named(self) -> None:
        good = _of("kernel/sched/a.c", _hunk(7, 7, "seven"))
        # the line around it is another one: GNU patch would take that by itself (fuzz)
        bad = _of(
            "kernel/sched/a.c",
            _hunk(20, 20, "twenty"),
            "@@ -29,4 +29,4 @@\n 28a\n 30\n-31\n+thirty-one\n 32\n",
        )
        for patches, words in (
            (
                (good, bad),
                "patch fixes/1.patch does not apply: kernel/sched/a.c, hunk 2 of 2 "
                "(@@ -29,4 +29,4 @@) fits nowhere; line 29 is to be '28a', and is '29'",
            ),
            (
                (good + bad,),
                "patch fixes/0.patch does not apply: kernel/sched/a.c, hunk 2 of 2 "
                "(@@ -29,4 +29,4 @@) fits nowhere; line 29 is to be '28a', and is '29'",
            ),
            (
                (good, good),
                "patch fixes/1.patch does not apply: kernel/sched/a.c: these sources have its "
                "change already",
            ),
            (
                (_of("kernel/none.c", "@@ -1 +1 @@\n-a\n+b\n"),),
                "patch fixes/0.patch does not apply: there is no kernel/none.c in these sources",
            ),
            (("nothing\n",), "patch fixes/0.patch changes nothing"),
        ):
            with self.subTest(words):
                done = self.run_patches(*patches)
                self.assertEqual(done.returncode, 1)
                self.assertIn(f"kernel_source: //my:linux: {words}", done.stderr)

    def test_an_archive_of_something_else_is_refused(self) -> None:
        with tarfile.open(self.source, "w:gz") as tar:
            tar.addfile(tarfile.TarInfo("linux-1/README"))
        done = self.run_patches(_ADD_AND_REMOVE)
        self.assertIn("linux.tar.gz is no kernel source: it has no Kconfig at its top", done.stderr)
        self.source.write_bytes(b"no archive")
        done = self.run_patches(_ADD_AND_REMOVE)
        self.assertIn("linux.tar.gz cannot be unpacked: ", done.stderr)

    def applied(self, *patches: str) -> dict[str, tuple[int, str]]:
        """Path below the top folder -> mode and text."""
        done = self.run_patches(*patches)
        self.assertEqual(done.returncode, 0, done.stderr)
        unpacked = subprocess.run(
            (
                *self.entered(),
                "--ro",
                f"{self.work / 'out'}=/in/out",
                "--",
                "zstd",
                "-qdc",
                "/in/out",
            ),
            check=True,
            capture_output=True,
        ).stdout
        found: dict[str, tuple[int, str]] = {}
        with tarfile.open(fileobj=io.BytesIO(unpacked)) as tar:
            for member in tar:
                file = tar.extractfile(member)
                assert file is not None, member.name
                name = member.name.removeprefix("linux-1/")
                self.assertNotIn(name, found)
                found[name] = member.mode, file.read().decode()
        return found

    def run_patches(self, *patches: str) -> subprocess.CompletedProcess[str]:
        """patches.py on the archive, the patches being fixes/0.patch and so on."""
        command, arguments = self.entered(), []
        for number, text in enumerate(patches):
            (self.work / f"{number}").write_bytes(text.encode())
            command += ["--ro", f"{self.work / str(number)}=/in/{number}.patch"]
            arguments += ["--patch", f"fixes/{number}.patch=/in/{number}.patch"]
        command += ["--ro", f"{self.source}=/in/linux.tar.gz", "--scratch", "/scratch"]
        for tool in ("patches", "patchfile"):
            path = f"tools/kernel/{tool}.py"
            command += ["--ro", f"{located(f'_main/{path}').resolve()}=/ktstr/{path}"]
        command += ["--out", f"tar.zst={self.work / 'out'}", "--", "python3", "-I"]
        command += ["/ktstr/tools/kernel/patches.py", "--kernel", "//my:linux"]
        command += ["--source", "/in/linux.tar.gz", "--work", "/scratch", "--out", "/out/tar.zst"]
        return subprocess.run([*command, *arguments], text=True, capture_output=True, check=False)

    def entered(self) -> list[str]:
        """The beginning of a command in the root."""
        enter = located("_main/tools/root/enter.py").resolve()
        root = located(os.environ["DEBIAN_ROOT"]).resolve()
        return [sys.executable, str(enter), "--root", str(root)]


if __name__ == "__main__":
    absltest.main()
