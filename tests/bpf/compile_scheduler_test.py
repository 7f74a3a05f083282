# SPDX-License-Identifier: Apache-2.0
"""Which headers and types a scheduler's source is compiled with; the compiler is a stand-in."""

from __future__ import annotations

import os
import subprocess
import tarfile
from pathlib import Path

from absl import flags
from absl.testing import absltest

_SCRIPT = flags.DEFINE_string("script", None, "tools/bpf/scheduler.sh.", required=True)

# Says which headers there are when it is asked, and else what it was told.
_CLANG = """\
#!/bin/sh
case $* in
  *" -MG "*) printf 'up.o: up.bpf.c vmlinux.h \\\\\\n  %s bpf/bpf_helpers.h\\n' "$INCLUDED" ;;
  *)
    for object; do :; done
    echo "$@" > "$object"
    ;;
esac
"""

# bpftool gen object OBJECT OBJECTS...
_BPFTOOL = """\
#!/bin/sh
echo "$1 $2" > "$3"
shift 3
cat "$@" >> object
"""


class CompileSchedulerTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(self.create_tempdir().full_path)
        for name, text in (
            ("clang", _CLANG),
            ("llvm-strip", "#!/bin/sh\n"),
            ("bpftool", _BPFTOOL),
        ):
            (self.folder / name).write_text(text)
            (self.folder / name).chmod(0o755)
        (self.folder / "scratch").mkdir()

    def compile(
        self,
        included: str,
        headers: str = "none.tar",
        sources: tuple[str, ...] = ("up.bpf.c",),
    ) -> subprocess.CompletedProcess[str]:
        names = {"SCRATCH": "scratch", "TYPES": "types", "TESTED_TYPES": "tested"} | {
            "KERNELS_OWN_FLAGS": "-fa -fb"
        }
        ours = ("//my:up", "//my:kernel", headers, "object", *sources, "--", "-O2")
        return subprocess.run(
            ["sh", os.path.abspath(_SCRIPT.value), *ours],
            cwd=self.folder,
            env=names | {"PATH": f"{self.folder}:{os.environ['PATH']}", "INCLUDED": included},
            capture_output=True,
            text=True,
            check=False,
        )

    def told(self) -> str:
        return (self.folder / "object").read_text()

    def tar(self, *names: str) -> str:
        with tarfile.open(self.folder / "headers.tar", "w") as tar:
            for name in names:
                (self.folder / "empty").touch()
                tar.add(self.folder / "empty", name)
        return "headers.tar"

    def test_ours_gets_the_types_of_ours(self) -> None:
        self.assertEqual(self.compile("sched/include/scx.bpf.h").returncode, 0)
        self.assertEqual(self.told(), "-O2 -Itypes -c up.bpf.c -o object\n")

    def test_the_ecosystem_gets_the_tested_kernels(self) -> None:
        headers = self.tar("include/scx/common.bpf.h")
        result = self.compile("scx/common.bpf.h", headers)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("-Iscratch/include ", self.told())
        self.assertIn("-Itested ", self.told())
        self.assertStartsWith(self.told(), "-O2 -fa -fb -I")
        self.assertNotIn("-Itypes", self.told())

    def test_a_header_of_its_own_is_not_the_kernels(self) -> None:
        self.assertEqual(self.compile("./scx/common.bpf.h").returncode, 0)
        self.assertIn("-Itypes", self.told())

    def test_a_kernel_without_such_headers_is_named(self) -> None:
        for headers in ("none.tar", self.tar("include/scx/other.h")):
            result = self.compile("scx/common.bpf.h", headers)
            self.assertEqual(result.returncode, 1)
            self.assertIn(
                "//my:up: up.bpf.c includes <scx/common.bpf.h>, which is of the tested kernel's "
                "tools/sched_ext/include, and //my:kernel has none: it is prebuilt",
                result.stderr,
            )

    def test_several_sources_become_one_object(self) -> None:
        result = self.compile("mine.h", sources=("b one.bpf.c", "a.bpf.c"))
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(
            self.told(),
            "gen object\n"
            "-O2 -Itypes -c b one.bpf.c -o scratch/1.bpf.o\n"
            "-O2 -Itypes -c a.bpf.c -o scratch/2.bpf.o\n",
        )

    def test_one_of_the_ecosystem_makes_all_of_it(self) -> None:
        headers = self.tar("include/scx/common.bpf.h")
        last = "for source; do :; done\n"
        own = '"$(cat "$source" 2> /dev/null || echo mine.h)"'
        asked = _CLANG.replace("#!/bin/sh\n", "#!/bin/sh\n" + last).replace('"$INCLUDED"', own)
        (self.folder / "clang").write_text(asked)
        (self.folder / "b.bpf.c").write_text("scx/common.bpf.h")
        result = self.compile("", headers, sources=("a.bpf.c", "b.bpf.c"))
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(self.told().count("-Itested "), 2)


if __name__ == "__main__":
    absltest.main()
