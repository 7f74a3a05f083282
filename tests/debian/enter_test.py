# SPDX-License-Identifier: Apache-2.0
"""Inside the Debian root there are the named paths, no network, and an empty environment."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil
from absl.testing import absltest, parameterized

from tests.support.located import located
from tools.root.enter import Entry, command_line

_DEADLINE_SECONDS = 60
_PER_LINUX32 = 8
_FILL_THE_DISK = """\
import os, pathlib, sys
sys.path.insert(0, "/debian")
import make, unpack
tree = {"usr/a": make.File(os.urandom(1 << 21))}
deb = make.write_package(pathlib.Path("/tmp/a.deb"), tree)
unpack.extract_member(unpack.Package("a", deb, 0), "usr/a", pathlib.Path("/small/a"))
"""


class EnterTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.directory = Path(self.create_tempdir().full_path)
        self.root = located("debian_root/root")
        self.program = located("_main/tools/root/enter.py")

    def enter(
        self, *arguments: str, outside: Sequence[str] = (), root: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs the entry program as build actions do; `outside`: a command that runs it."""
        return subprocess.run(
            [*outside, sys.executable, self.program, "--root", root or self.root, *arguments],
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=_DEADLINE_SECONDS,
            check=False,
            env={**os.environ, "KTSTR_LEAK": "1"},
        )

    def assert_printed(self, done: subprocess.CompletedProcess[str], text: str) -> None:
        self.assertEqual((done.returncode, done.stdout.strip()), (0, text), done.stderr)

    def test_the_environment_holds_what_is_named(self) -> None:
        done = self.enter("--env", "A=b=c", "--", "env")
        lines = set(done.stdout.split())
        self.assertEqual(lines, {"PATH=/usr/bin:/usr/sbin", "PWD=/", "A=b=c"}, done.stderr)

    def test_there_is_no_network(self) -> None:
        done = self.enter("--", "sh", "-c", "tail -n +3 /proc/net/dev | cut -d: -f1")
        self.assert_printed(done, "lo")

    def test_the_host_is_not_there(self) -> None:
        done = self.enter("--", "sh", "-c", "echo /*")
        self.assert_printed(done, "/bin /dev /etc /lib /lib64 /out /proc /sbin /tmp /usr")

    def test_the_root_cannot_be_written(self) -> None:
        done = self.enter("--", "touch", "/usr/bin/new")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("Read-only file system", done.stderr)

    def test_it_compiles_a_program_with_nothing_of_the_host(self) -> None:
        source = self.directory / "main.c"
        source.write_text('#include <stdio.h>\nint main(void) { return puts("hello") < 0; }\n')
        target = self.directory / "made/main"
        done = self.enter(
            *("--ro", f"{source}=/main.c", "--out", f"main={target}"),
            *("--", "cc", "-static", "-o", "/out/main", "/main.c"),
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(subprocess.check_output([target], text=True), "hello\n")

    @parameterized.parameters(
        ("date=2026-01-01/part.bin", "/in/0"),
        ("a=/b", "/in/0"),
        ("x y/'\"#$,:@+%\u00e4", "/in/x y/'\"#$,:@+%\u00e4"),
        ("=", "/="),
    )
    def test_paths_may_hold_anything(self, host: str, inside: str) -> None:
        file = self.directory / host
        file.parent.mkdir(exist_ok=True)
        file.write_text("rows\n")
        for option in (f"--ro={host}={inside}", f"--mounts={json.dumps({inside: host})}"):
            self.assert_printed(self.enter(option, "--", "cat", inside), "rows")

    def test_mounts_may_be_made_at_any_path(self) -> None:
        (self.directory / "a").write_text("rows\n")
        mounts = json.dumps({"/src/x=/y=/z.c": "a"})
        self.assert_printed(self.enter("--mounts", mounts, "--", "cat", "/src/x=/y=/z.c"), "rows")

    @parameterized.parameters(
        ("--ro=a", "is not of the form HOST=/INSIDE"),
        ("--ro=a=b", "is not of the form HOST=/INSIDE"),
        ("--mounts={", "is no JSON"),
        ('--mounts=["a"]', "is no object of INSIDE: HOST"),
        ('--mounts={"/a": 1}', "is no object of INSIDE: HOST"),
    )
    def test_words_that_are_no_mount(self, option: str, message: str) -> None:
        done = self.enter(option, "--", "true")
        self.assertEqual(done.returncode, 2)
        self.assertIn(message, done.stderr)

    def test_scratch_is_gone_afterwards(self) -> None:
        done = self.enter("--scratch", "/build", "--chdir", "/build", "--", "sh", "-c", "pwd >x")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(list(self.directory.iterdir()), [])

    def test_the_status_of_the_command_is_ours(self) -> None:
        self.assertEqual(self.enter("--", "sh", "-c", "exit 7").returncode, 7)

    @parameterized.named_parameters(
        ("missing_output", ("--out", "x=there", "--", "true"), "left no /out/x; it left nothing"),
        ("missing_input", ("--ro", "/nowhere=/x", "--", "true"), "/nowhere, to be bound to /x"),
    )
    def test_a_mistake_is_an_error(self, arguments: tuple[str, ...], text: str) -> None:
        done = self.enter(*arguments)
        self.assertEqual(done.returncode, 1)
        self.assertIn(text, done.stderr)

    def test_another_directory_is_no_root(self) -> None:
        done = self.enter("--", "true", root=self.directory)
        self.assertEqual(done.returncode, 1)
        self.assertIn("is not a Debian root: it has no usr/bin/bwrap", done.stderr)

    def test_a_root_that_did_not_come_whole_is_refused(self) -> None:
        # What is looked at before anything of it runs, one file a byte too short.
        root = self.directory / "root"
        for path in ("usr/bin/bwrap", "usr/lib64/ld-linux-x86-64.so.2"):
            (root / path).parent.mkdir(parents=True)
            (root / path).write_bytes(b"")
        (root / "files.txt").write_text("1 usr/bin/bwrap\n")
        done = self.enter("--", "true", root=root)
        self.assertEqual(done.returncode, 1)
        self.assertIn(
            f"ktstr: the Debian root did not arrive whole on {os.uname().nodename}: "
            "of 1 files 1 are not as they were: usr/bin/bwrap has 0 of 1 bytes.\n",
            done.stderr,
        )
        self.assertIn("empty its cache (docs/remote.md)", done.stderr)

    def test_a_machine_with_too_little_memory_is_refused_before_anything_starts(self) -> None:
        done = self.enter("--needs-mib", str(1 << 40), "--", "touch", "/out/x")
        self.assertEqual(done.returncode, 1)
        self.assertStartsWith(
            done.stderr, f"ktstr: {os.uname().nodename} cannot do this build action: it "
        )
        self.assertIn(f"and the action takes {1 << 40}.\n", done.stderr)
        self.assert_printed(self.enter("--needs-mib", "1", "--", "echo", "did"), "did")

    def test_another_architecture_is_refused(self) -> None:
        # personality(2): uname says i686 to what is started here
        call = f"ctypes.CDLL(None).personality({_PER_LINUX32})"
        become = f"import ctypes, os, sys; {call}; os.execv(sys.argv[1], sys.argv[1:])"
        done = self.enter("--", "true", outside=[sys.executable, "-c", become])
        self.assertEqual(done.returncode, 1)
        self.assertIn(
            "cannot do this build action: it is i686, and the Debian root's programs are x86_64.",
            done.stderr,
        )

    def test_nothing_outlives_a_kill(self) -> None:
        command = [sys.executable, str(self.program), "--root", str(self.root)]
        with subprocess.Popen(
            [*command, "--", "sh", "-c", "{ echo started; exec sleep 86400; } & wait"],
            cwd=self.directory,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            # leaving the block waits for it, whatever was found
            with contextlib.ExitStack() as ending:
                ending.callback(process.kill)
                assert process.stdout is not None
                self.assertEqual(process.stdout.readline(), "started\n")
                inside = psutil.Process(process.pid).children(recursive=True)
                names = [child.name() for child in inside]
                # both shells, the second of which may have become its program already
                self.assertLen([name for name in names if name in ("sh", "sleep")], 2, names)
            _, alive = psutil.wait_procs(inside, timeout=_DEADLINE_SECONDS)
            self.assertEqual(alive, [])

    def test_refused_user_namespaces_are_explained(self) -> None:
        # bubblewrap makes the situation: a user namespace in which no further one may be made.
        line = command_line(Entry(self.root), [])
        bubblewrap = line[: line.index("--tmpfs")]
        refusing = ["--unshare-user", "--disable-userns", "--cap-drop", "ALL"]
        done = self.enter("--", "true", outside=[*bubblewrap, *refusing, "--dev-bind", "/", "/"])
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(f"ktstr: {os.uname().nodename} refused a user namespace", done.stderr)
        self.assertIn("sysctl kernel.unprivileged_userns_clone=1", done.stderr)
        self.assertIn("On a worker of remote execution: in the sandbox", done.stderr)
        self.assertIn("by the property ktstr-namespaces", done.stderr)

    def test_a_disk_that_fills_up_is_explained(self) -> None:
        # A memory file system of 1 MiB, the unpacker on the root's Python, a file of 2 MiB.
        entry = Entry(
            self.root,
            read_only={
                "/debian/unpack.py": located("_main/tools/debian/unpack.py"),
                "/debian/make.py": located("_main/tests/debian/packages.py"),
            },
        )
        line = command_line(entry, ["python3", "-I", "-c", _FILL_THE_DISK])
        split = line.index("--unshare-net")
        line[split:split] = ["--size", str(1 << 20), "--tmpfs", "/small"]
        done = subprocess.run(
            line, capture_output=True, text=True, timeout=_DEADLINE_SECONDS, check=False
        )
        self.assertIn("UnpackError: no disk space: writing /small/a", done.stderr)


if __name__ == "__main__":
    absltest.main()
