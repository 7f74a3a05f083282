# SPDX-License-Identifier: Apache-2.0
"""Builds a kernel inside the Debian root: sources and fragments in, image and symbols out.

    build.py --source /in/linux.tar.xz --fragment NAME=/in/0.config... --base tinyconfig
             --work /build --out /out

Paths inside the root are always the same, and time, user and host are fixed, so the same inputs
give the same bytes.  Writes /out/{vmlinux,vmlinux.dwarf,bzImage,System.map,config,vmlinux.h,
release,build_info.json}.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Sequence

# The root's Python starts isolated: imports begin at the top of the repository, wherever it is.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from tools.kernel.config import (
    ConfigError,
    Line,
    Symbol,
    fragment_text,
    join,
    parse_config,
    parse_fragment,
    parse_kconfig,
    render,
    verify,
)
from tools.kernel.events import Events, make_variable, parse_events, untraced

# Any fixed moment will do; the kernel shows it in its version string.
_TIMESTAMP = "Thu Jan  1 00:00:00 UTC 2026"
_FIXED = {
    "KBUILD_BUILD_TIMESTAMP": _TIMESTAMP,
    "KBUILD_BUILD_USER": "ktstr",
    "KBUILD_BUILD_HOST": "ktstr",
    "KBUILD_BUILD_VERSION": "1",
    "SOURCE_DATE_EPOCH": "1767225600",
    "LC_ALL": "C",
    "TZ": "UTC",
}
# What only debuggers that step through optimised code would use costs a tenth of the compiler's
# time and a fifth of the DWARF. Code and BTF are the same without, to the byte.
_KCFLAGS = "KCFLAGS=-gno-variable-location-views -gno-statement-frontiers"
_MAX_JOBS = 16
_LOG_TAIL_LINES = 40


class BuildError(Exception):
    """A step of the build failed; the text says which and shows the end of its output."""


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--fragment", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--base", required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--jobs", type=int, default=min(_MAX_JOBS, os.cpu_count() or 1))
    args = parser.parse_args(argv)
    try:
        # the path is the rule's, and holds no `=`; a fragment's name may
        named = [fragment.rpartition("=")[::2] for fragment in args.fragment]
        fragments = [
            (name, fragment_text(name, pathlib.Path(path).read_bytes())) for name, path in named
        ]
        lines = join(parse_fragment(*fragment) for fragment in fragments)
        tree = Tree(args.work, args.jobs)
        tree.unpack(args.source)
        tree.leave_out([events for fragment in fragments for events in parse_events(*fragment)])
        tree.configure(args.base, lines)
        tree.build()
        tree.export(args.out, _digest(args.source))
    except (BuildError, ConfigError, OSError) as error:
        print(f"kernel_image: {error}", file=sys.stderr)
        return 1
    return 0


class Tree:
    """A kernel source tree in `work`/src and its objects in `work`/out."""

    def __init__(self, work: pathlib.Path, jobs: int) -> None:
        self._src, self._out, self._jobs = work / "src", work / "out", jobs
        self._log = work / "make.log"
        self._untraced: list[str] = []

    def unpack(self, archive: pathlib.Path) -> None:
        """Unpacks the archive, whose single top folder becomes src."""
        self._src.mkdir()
        command = ["tar", "--extract", "--file", archive, "--strip-components=1", "--no-same-owner"]
        self._run([*command, "--directory", self._src])
        if not (self._src / "Kconfig").exists():
            raise BuildError(f"{archive.name} is no kernel source: it has no Kconfig at its top")

    def leave_out(self, said: list[Events]) -> None:
        """Takes down in which directories there are to be no trace events."""
        self._untraced = untraced(said, self._src)

    def configure(self, base: str, lines: list[Line]) -> None:
        """Makes .config from the base and the fragments, and checks every line of them."""
        self._out.mkdir()
        self._make(base)
        config = self._out / ".config"
        with config.open("a", encoding="utf-8") as file:
            file.write(render(lines))
        self._make("olddefconfig")
        problems = verify(lines, parse_config(config.read_text(encoding="utf-8")), self._symbols())
        if problems:
            raise ConfigError("\n".join(problems))

    def build(self) -> None:
        """Compiles vmlinux and bzImage."""
        self._make(_KCFLAGS, make_variable(self._untraced), "vmlinux", "bzImage")

    def export(self, out: pathlib.Path, source_digest: str) -> None:
        """Writes what a build makes, DWARF apart: few ask for it, and it is the larger part."""
        vmlinux, built = out / "vmlinux", self._out / "vmlinux"
        self._run(["objcopy", "--strip-debug", built, vmlinux])
        dwarf = ["objcopy", "--only-keep-debug", "--compress-debug-sections=zstd"]
        self._run([*dwarf, built, out / "vmlinux.dwarf"])
        shutil.copyfile(self._out / "arch/x86/boot/bzImage", out / "bzImage")
        shutil.copyfile(self._out / "System.map", out / "System.map")
        shutil.copyfile(self._out / ".config", out / "config")
        release = (self._out / "include/config/kernel.release").read_text(encoding="utf-8")
        (out / "release").write_text(release, encoding="utf-8")
        self._types(out / "vmlinux.h")
        info = {
            "release": release.strip(),
            "config_sha256": _digest(out / "config"),
            "vmlinux_sha256": _digest(vmlinux),
            "source_sha256": source_digest,
            "compiler": self._run(["gcc", "--version"]).splitlines()[0],
            "pahole": self._run(["pahole", "--version"]).strip(),
        }
        text = json.dumps(info, indent=2, sort_keys=True) + "\n"
        (out / "build_info.json").write_text(text, encoding="utf-8")

    def _types(self, header: pathlib.Path) -> None:
        if "CONFIG_DEBUG_INFO_BTF=y" not in (self._out / ".config").read_text(encoding="utf-8"):
            header.write_text("#error this kernel was built without CONFIG_DEBUG_INFO_BTF\n")
            return
        dump = ["bpftool", "btf", "dump", "file", self._out / "vmlinux", "format", "c"]
        header.write_text(self._run(dump), encoding="utf-8")

    def _symbols(self) -> dict[str, Symbol]:
        symbols: dict[str, Symbol] = {}
        for path in sorted(self._src.rglob("Kconfig*")):
            name = str(path.relative_to(self._src))
            other_arch = name.startswith("arch/") and not name.startswith(("arch/x86", "arch/Kcon"))
            if path.is_file() and not other_arch:
                parse_kconfig(name, path.read_text(encoding="utf-8", errors="replace"), symbols)
        return symbols

    def _make(self, *targets: str) -> None:
        command: list[object] = ["make", "-C", self._src, f"O={self._out}"]
        self._run([*command, "ARCH=x86_64", f"-j{self._jobs}", *targets])

    def _run(self, command: Sequence[object]) -> str:
        environment = {**os.environ, **_FIXED}
        with self._log.open("w+", encoding="utf-8", errors="replace") as errors:
            done = subprocess.run(
                [str(part) for part in command],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                check=False,
            )
            errors.seek(0)
            tail = (done.stdout + errors.read()).splitlines()[-_LOG_TAIL_LINES:]
        if done.returncode:
            words = " ".join(map(str, command))
            shown = "\n  ".join(tail)
            raise BuildError(f"`{words}` ended with status {done.returncode}:\n  {shown}")
        return done.stdout


def _digest(path: pathlib.Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
