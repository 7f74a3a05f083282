# SPDX-License-Identifier: Apache-2.0
"""What is built does not depend on how the Debian root arrives: here, or as a farm stages it.

Bazel follows symbolic links, drops empty directories and makes every file executable when it
uploads a directory; a worker lets nobody write to its files and has a umask of its own. Programs
that actions run in the root run in the root as it is and in a copy like that.
"""

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from absl.testing import absltest

from tests.support.located import located
from tools.root.arrival import LISTING

_DEADLINE_SECONDS = 120
_BPF = """\
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
int count;
SEC("tracepoint") int tick(void *context) { count++; return 0; }
char permitted[] SEC("license") = "GPL";
"""


class StagedTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.work = Path(self.create_tempdir().full_path)

    def test_a_bpf_object(self) -> None:
        source = self.work / "tick.bpf.c"
        source.write_text(_BPF)
        line = "clang -target bpf -mcpu=v3 -O2 -g -I/usr/include/x86_64-linux-gnu -c /tick.bpf.c"
        script = f"{line} -o /out/made && llvm-strip -g /out/made"
        self.assert_same([f"--ro={source}=/tick.bpf.c", "--", "sh", "-c", script])

    def test_the_static_worker(self) -> None:
        sources = located("_main/ktstr/worker/worker.h").parent
        bound = [
            f"--ro={path}=/src/ktstr/worker/{path.relative_to(sources)}"
            for path in sorted(sources.rglob("*.[ch]"))
        ]
        script = "gcc -std=gnu17 -O2 -static -I. -Iktstr/worker -D_GNU_SOURCE -o /out/made "
        script += "$(find . -name '*.c' | sort)"
        self.assert_same([*bound, "--chdir=/src", "--", "sh", "-c", script])

    def test_a_disk_template(self) -> None:
        text = self.work / "text"
        text.write_text("hello\n")
        bound = [f"--ro={text}=/in/0", "--scratch=/build"]
        for name in ("template.py", "fixed.c"):
            bound.append(f"--ro={located(f'_main/tools/disk/{name}')}=/ktstr/{name}")
        make = "python3 -I /ktstr/template.py --label=//a:b --filesystem=ext4"
        make += " --size-mib=64 --content=/in/0=/text --fixed=/ktstr/fixed.c"
        make += " --work=/build --out=/out"
        script = f"{make} && mkdir /out/made && mv /out/image /out/key /out/made"
        self.assert_same([*bound, "--", "sh", "-c", script])

    def test_qemu(self) -> None:
        names = ("collect.py", "turns.c")
        bound = [f"--ro={located(f'_main/tools/qemu/{name}')}=/{name}" for name in names]
        sources = located("_main/tools/qemu/predicate.h").parent
        probes = [*sources.glob("predicate*"), *sources.glob("probes/*")]
        bound += [f"--ro={path}=/qemu/{path.relative_to(sources)}" for path in sorted(probes)]
        self.assert_same([*bound, "--", "python3", "-I", "/collect.py", "/out/made"])

    def test_the_layer_with_python(self) -> None:
        made = []
        for root, umask in ((_root(), 0o022), (_staged(), 0o077)):
            made.append(self.work / f"{umask}.cpio")
            line = [located("_main/tools/initramfs/python_layer"), f"--root={root}"]
            _run([*map(str, line), f"--output={made[-1]}"], self.work, umask)
        self.assertTrue(made[0].read_bytes() == made[1].read_bytes(), "the layers differ")

    def assert_same(self, arguments: Sequence[str]) -> None:
        """What a command leaves as /out/made, a file or a directory, has the same bytes."""
        found = []
        for root, umask in ((_root(), 0o022), (_staged(), 0o077)):
            out = self.work / str(umask)
            out.mkdir()
            enter = [sys.executable, str(located("_main/tools/root/enter.py"))]
            enter += [f"--root={root}", f"--out=made={out / 'made'}"]
            _run([*enter, *arguments], self.work, umask)
            found.append(
                {
                    str(path.relative_to(out)): path.read_bytes()
                    for path in sorted(out.rglob("*"))
                    if path.is_file()
                }
            )
        self.assertNotEmpty(found[0])
        self.assertEqual(list(found[0]), list(found[1]))
        differing = [path for path, data in found[0].items() if data != found[1][path]]
        self.assertEmpty(differing, "built in the staged root, these are other bytes")


class RootTest(absltest.TestCase):
    def test_nothing_of_the_root_is_lost_on_the_way(self) -> None:
        listed = (_root() / LISTING).read_text().splitlines()
        here = {str(path.relative_to(_root())) for path in _files(_root())}
        self.assertEqual({line.partition(" ")[2] for line in listed}, here - {LISTING})
        self.assertEqual({str(path.relative_to(_staged())) for path in _files(_staged())}, here)

    def test_nothing_of_the_root_changes_on_the_way(self) -> None:
        for path in sorted(_root().rglob("*")):
            self.assertFalse(path.is_symlink(), path)
            if path.is_dir():
                self.assertNotEmpty(os.listdir(path), path)
            else:
                self.assertTrue(os.access(path, os.X_OK), path)


def _files(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


@functools.cache
def _staged() -> Path:
    """A copy of the root as a worker gets it; equal files of it are one, as in a worker's cache."""
    copy = Path(tempfile.mkdtemp(dir=os.environ["TEST_TMPDIR"]))
    copies: dict[tuple[int, int], Path] = {}
    for directory, _, names in os.walk(_root(), followlinks=True):
        target = copy / os.path.relpath(directory, _root())
        if names:
            target.mkdir(parents=True, exist_ok=True)
        for name in names:
            source = os.stat(os.path.join(directory, name))
            identity = source.st_dev, source.st_ino
            if identity in copies:
                os.link(copies[identity], target / name)
            else:
                shutil.copyfile(os.path.join(directory, name), target / name)
                os.chmod(target / name, 0o555)
                copies[identity] = target / name
    return copy


def _run(command: Sequence[str], work: Path, umask: int) -> None:
    done = subprocess.run(
        command,
        cwd=work,
        capture_output=True,
        text=True,
        timeout=_DEADLINE_SECONDS,
        check=False,
        umask=umask,
    )
    if done.returncode:
        raise AssertionError(f"{command} ended with status {done.returncode}: {done.stderr}")


def _root() -> Path:
    return located("debian_root/root").resolve()


if __name__ == "__main__":
    absltest.main()
