# SPDX-License-Identifier: Apache-2.0
"""Configures and builds a kernel of another architecture inside the Debian root.

    cross.py configure --arch arm64 --source /in/linux.tar.xz --fragment NAME=/in/0.config...
             --base tinyconfig [--versions NAME=/in/versions] --work /build --out /out
    cross.py build ...

As configure.py and build.py do for the root's own, whose words and outputs these are: but for
bzImage, in whose place /out/Image is.  clang compiles for every architecture, and what links,
/cross/usr/bin/ld.lld-19, comes from outside the root.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import pathlib
import shutil
import sys
from collections.abc import Sequence

# The root's Python starts isolated: imports begin at the top of the repository, wherever it is.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from tools.kernel.architecture import (
    ARCHITECTURES,
    Architecture,
    architecture_of,
    of_architecture,
)
from tools.kernel.build import BuildError, Tree
from tools.kernel.config import (
    ConfigError,
    Symbol,
    fragment_text,
    join,
    parse_fragment,
    parse_kconfig,
)
from tools.kernel.configure import ConfigurationTree
from tools.kernel.events import make_variable, parse_events
from tools.kernel.versions import of_version, parse_versions, version_of

_JOBS = 16


class CrossTree(Tree):
    """A kernel source tree that is built for an architecture that the root is not of."""

    def __init__(self, work: pathlib.Path, jobs: int, arch: Architecture) -> None:
        super().__init__(work, jobs)
        self.arch = arch

    def build(self) -> None:
        """Compiles vmlinux and the image that a machine boots."""
        target = pathlib.PurePath(self.arch.image).name
        self._make(make_variable(self._untraced), "vmlinux", target)

    def export(self, out: pathlib.Path, source_digest: str) -> None:
        """Writes what a build makes."""
        vmlinux, built = out / "vmlinux", self._out / "vmlinux"
        self._run(["llvm-objcopy", "--strip-debug", built, vmlinux])
        dwarf = ["llvm-objcopy", "--only-keep-debug", "--compress-debug-sections=zstd"]
        self._run([*dwarf, built, out / "vmlinux.dwarf"])
        image = self._out / self.arch.image
        shutil.copyfile(image, out / image.name)
        shutil.copyfile(self._out / "System.map", out / "System.map")
        shutil.copyfile(self._out / ".config", out / "config")
        release = (self._out / "include/config/kernel.release").read_text(encoding="utf-8")
        (out / "release").write_text(release, encoding="utf-8")
        self._types(out / "vmlinux.h")
        info = {
            "arch": self.arch.kbuild,
            "release": release.strip(),
            "config_sha256": digest(out / "config"),
            "vmlinux_sha256": digest(vmlinux),
            "source_sha256": source_digest,
            "compiler": self._run(["clang", "--version"]).splitlines()[0],
            "pahole": self._run(["pahole", "--version"]).strip(),
        }
        text = json.dumps(info, indent=2, sort_keys=True) + "\n"
        (out / "build_info.json").write_text(text, encoding="utf-8")

    def _symbols(self) -> dict[str, Symbol]:
        return self._defined(own=True)

    def _defined(self, *, own: bool) -> dict[str, Symbol]:
        """The options of this architecture's Kconfig files and of all's; or of others' files."""
        symbols: dict[str, Symbol] = {}
        for path in sorted(self._src.rglob("Kconfig*")):
            name = str(path.relative_to(self._src))
            ours = architecture_of(name) in ("", self.arch.kbuild)
            if path.is_file() and ours is own:
                parse_kconfig(name, path.read_text(encoding="utf-8", errors="replace"), symbols)
        return symbols

    def _make(self, *targets: str) -> None:
        command: list[object] = ["make", "-C", self._src, f"O={self._out}"]
        self._run([*command, *self.arch.make_variables(), f"-j{self._jobs}", *targets])


class CrossConfiguration(CrossTree, ConfigurationTree):
    """The part of such a tree that its configuration is made with."""

    def elsewhere(self) -> frozenset[str]:
        """The options that other architectures alone have."""
        return frozenset(self._defined(own=False)) - frozenset(self._symbols())


def configure(args: argparse.Namespace, fragments: Sequence[tuple[str, str]]) -> None:
    """Writes /out/config, and each fragment as it holds for this version and architecture."""
    ranges = parse_versions(*_read(args.versions)) if args.versions else {}
    for fragment in fragments:
        parse_fragment(*fragment)
    tree = CrossConfiguration(args.work, 2, ARCHITECTURES[args.arch])
    tree.unpack(args.source)
    version, elsewhere = version_of(tree.makefile()), tree.elsewhere()
    texts = [
        of_architecture(name, of_version(name, text, ranges, version), elsewhere)
        for name, text in fragments
    ]
    lines = join(
        parse_fragment(name, text) for (name, _), text in zip(fragments, texts, strict=True)
    )
    tree.refuse_unknown(lines)
    tree.configure(args.base, lines)
    for number, text in enumerate(texts):
        (args.out / f"{number}.config").write_text(text, encoding="utf-8")
    tree.export_config(args.out / "config")


def build(args: argparse.Namespace, fragments: Sequence[tuple[str, str]]) -> None:
    """Builds the kernel of fragments that `configure` has written."""
    tree = CrossTree(args.work, min(_JOBS, os.cpu_count() or 1), ARCHITECTURES[args.arch])
    tree.unpack(args.source)
    tree.leave_out([events for fragment in fragments for events in parse_events(*fragment)])
    tree.configure(args.base, join(parse_fragment(*fragment) for fragment in fragments))
    tree.build()
    tree.export(args.out, digest(args.source))


def digest(path: pathlib.Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=["configure", "build"])
    parser.add_argument("--arch", choices=sorted(ARCHITECTURES), required=True)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--fragment", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--versions", default="", metavar="NAME=PATH")
    parser.add_argument("--base", required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args(argv)
    try:
        fragments = [_read(named) for named in args.fragment]
        (configure if args.step == "configure" else build)(args, fragments)
    except (BuildError, ConfigError, OSError) as error:
        print(f"kernel_image: {error}", file=sys.stderr)
        return 1
    return 0


def _read(named: str) -> tuple[str, str]:
    """The name and text of `NAME=PATH`: the path is the rule's, and holds no `=`."""
    name, _, path = named.rpartition("=")
    return name, fragment_text(name, pathlib.Path(path).read_bytes())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
