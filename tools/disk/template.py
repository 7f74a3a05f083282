# SPDX-License-Identifier: Apache-2.0
"""Makes one disk template inside the Debian root: a formatted image as a compressed qcow2.

    template.py --label //a:b --filesystem ext4 --size-mib 64 [--option=WORD]...
                [--content FILE=PATH]... --fixed /ktstr/tools/disk/fixed.c --work /build --out /out

Writes /out/image (qcow2) and /out/key.  mkfs formats a sparse file and fills it, so no kernel and
no block device take part.  fixed.c, preloaded into it, fixes time, random bytes and owners: the
same inputs give the same bytes.  Random bytes, and with them every UUID, follow from the key.
"""

from __future__ import annotations

import argparse
import dataclasses
import errno
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

_MIB = 1 << 20
# 2026-01-01, which is when a guest's clock starts in virtual time.
_MOMENT = 1767225600
_SHOWN_LINES = 12
# Less than this is a full disk: mkfs writes little besides its contents.
_FULL_BYTES = _MIB
_FULL = "the disk that Bazel builds on is full"
_COMPILER = "gcc -std=gnu17 -O2 -Wall -Wextra -Werror -shared -fPIC -fvisibility=hidden"


class TemplateError(Exception):
    """The template cannot be made; the text says why."""


@dataclasses.dataclass(frozen=True)
class Maker:
    """How one file system is made.

    defaults: option -> value, given unless mkfs_options have the option.  magic: offset in the
    image and bytes that the superblock has there.
    """

    program: tuple[str, ...]
    version: str
    defaults: Mapping[str, str]
    magic: tuple[int, bytes]


MAKERS = {
    "btrfs": Maker(("mkfs.btrfs", "-q"), "--version", {}, (0x10040, b"_BHRfS_M")),
    # inode tables are written now, or the guest's kernel would do it beside the test
    "ext4": Maker(
        ("mke2fs", "-q", "-F", "-t", "ext4"),
        "-V",
        {"-E": "lazy_itable_init=0,lazy_journal_init=0"},
        (0x438, b"\x53\xef"),
    ),
    # the default is what direct I/O wants where the image lies
    "xfs": Maker(("mkfs.xfs", "-q"), "-V", {"-s": "size=512"}, (0, b"XFSB")),
}


@dataclasses.dataclass(frozen=True)
class Content:
    """A file of the template: where it is now, its absolute path in the template, and its mode."""

    source: pathlib.Path
    path: str
    mode: int


@dataclasses.dataclass(frozen=True)
class Template:
    """What is to be made.  options: mkfs's, after its defaults."""

    filesystem: str
    size_mib: int
    options: tuple[str, ...] = ()
    contents: tuple[Content, ...] = ()

    def describe(self) -> str:
        """For messages: all that the author chose."""
        size = sum(content.source.stat().st_size for content in self.contents)
        filled = f", contents of {-(-size // _MIB)} MiB" if self.contents else ""
        options = f"mkfs_options {list(self.options)}"
        return f"{self.filesystem} of {self.size_mib} MiB, {options}{filled}"


def command(template: Template, image: pathlib.Path, filled_from: Sequence[str]) -> list[str]:
    """The mkfs command line; filled_from: the options that name what the template holds."""
    maker = MAKERS[template.filesystem]
    line = list(maker.program)
    for option, value in maker.defaults.items():
        if not any(word.startswith(option) for word in template.options):
            line += [option, value]
    return [*line, *template.options, *filled_from, str(image)]


def key_of(template: Template, version: str, tool: str) -> str:
    """`<file system>-<MiB>m-<16 hex>`: a digest of all that decides the template's bytes.

    version: what mkfs says of itself.  tool: a digest of this program.  A raw image depends on
    nothing but its size: its key ends in `noversion`.
    """
    if template.filesystem == "raw":
        return f"raw-{template.size_mib}m-noversion"
    made_by = {
        "command": command(template, pathlib.Path("image"), ()),
        "contents": [[c.path, c.mode, _digest(c.source)] for c in template.contents],
        "size_mib": template.size_mib,
        "tool": tool,
        "version": version,
    }
    text = json.dumps(made_by, sort_keys=True)
    fingerprint = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"{template.filesystem}-{template.size_mib}m-{fingerprint}"


def protofile(tree: pathlib.Path, sources: Mapping[pathlib.Path, pathlib.Path]) -> str:
    """mkfs.xfs's description (mkfs.xfs(8), -p) of a directory, in the order of names.

    Blanks part its words, so names have a slash for each (slashes_are_spaces), and `sources` says
    where the content of a file in `tree` is, at a path without blanks.
    """

    def lines(directory: pathlib.Path) -> list[str]:
        found = []
        for path in sorted(directory.iterdir()):
            mode = f"{path.stat().st_mode & 0o777:03o}"
            name = path.name.replace(" ", "/")
            if path.is_dir():
                found += [f"{name} d--{mode} 0 0", *lines(path), "$"]
            else:
                found.append(f"{name} ---{mode} 0 0 {sources[path]}")
        return found

    return "\n".join(["/dev/null", "0 0", "d--755 0 0", *lines(tree), "$", ""])


class Workshop:
    """Makes a template in the directory `work`."""

    def __init__(self, work: pathlib.Path, fixed: pathlib.Path) -> None:
        self._work, self._fixed = work, fixed

    def make(self, template: Template, out: pathlib.Path) -> None:
        """Writes `out`/image and `out`/key.

        Raises:
          TemplateError: mkfs or qemu-img fails, the contents do not fit, or the disk is full.
        """
        image = self._work / "image.raw"
        with image.open("wb") as file:
            file.truncate(template.size_mib * _MIB)
        version, tool = "", ""
        if template.filesystem != "raw":
            maker = MAKERS[template.filesystem]
            version = self._run([maker.program[0], maker.version])
            tool = _digest(pathlib.Path(__file__)) + _digest(self._fixed)
        key = key_of(template, version, tool)
        if template.filesystem != "raw":
            self._format(template, image, seed=key.rpartition("-")[2])
        # one coroutine: clusters are laid down in the order of the image
        convert = ["qemu-img", "convert", "-m", "1", "-f", "raw", "-O", "qcow2", "-c"]
        self._run([*convert, str(image), str(out / "image")])
        (out / "key").write_text(key, encoding="ascii")

    def _format(self, template: Template, image: pathlib.Path, seed: str) -> None:
        library = self._work / "fixed.so"
        self._run([*_COMPILER.split(), "-o", str(library), str(self._fixed)])
        environment = {
            # the library fixes these too, but mke2fs has its own for what it copies
            "E2FSPROGS_FAKE_TIME": str(_MOMENT),
            "KTSTR_SEED": seed,
            "KTSTR_TIME": str(_MOMENT),
            "LC_ALL": "C",
            "LD_PRELOAD": str(library),
            "TZ": "UTC",
        }
        line = command(template, image, self._stage(template))
        self._run(line, environment)
        whole, made = template.size_mib * _MIB, image.stat().st_size
        if made > whole:
            # mkfs.btrfs --rootdir lengthens a file that is too short
            raise TemplateError(f"the contents do not fit: mkfs wants {-(-made // _MIB)} MiB")
        # options may make a file system that is smaller than its disk, and cut the file (--shrink)
        os.truncate(image, whole)
        offset, magic = MAKERS[template.filesystem].magic
        with image.open("rb") as file:
            file.seek(offset)
            if file.read(len(magic)) != magic:
                raise TemplateError(
                    f"`{' '.join(line)}` succeeded and wrote no {template.filesystem}; is there "
                    "an option among mkfs_options that makes it only show what it would do?"
                )

    def _stage(self, template: Template) -> list[str]:
        """Lays the contents out as a tree, and returns the options by which mkfs takes it."""
        if not template.contents:
            return []
        tree, sources = self._work / "tree", {}
        tree.mkdir()
        for content in template.contents:
            target = tree / content.path.removeprefix("/")
            sources[target] = content.source
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(content.source, target)
            target.chmod(content.mode)
        for directory in [tree, *(path for path in tree.rglob("*") if path.is_dir())]:
            directory.chmod(0o755)
        if template.filesystem == "xfs":
            proto = self._work / "proto"
            text = protofile(tree, sources)
            proto.write_text(text, encoding="utf-8", errors="surrogateescape")
            return ["-p", f"slashes_are_spaces=1,file={proto}"]
        return ["--rootdir" if template.filesystem == "btrfs" else "-d", str(tree)]

    def _run(self, line: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
        done = subprocess.run(
            line,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode:
            lines = done.stdout.splitlines()
            shown = "\n  ".join(lines[:_SHOWN_LINES])
            rest = len(lines) - _SHOWN_LINES
            more = f"\n  ({rest} more lines)" if rest > 0 else ""
            full = f", as {_FULL}" if self._is_full() else ""
            raise TemplateError(
                f"`{' '.join(line)}` ended with status {done.returncode}{full}:\n  {shown}{more}"
            )
        return done.stdout

    def _is_full(self) -> bool:
        state = os.statvfs(self._work)
        return state.f_bavail * state.f_frsize < _FULL_BYTES


def read_content(text: str) -> Content:
    """`FILE=PATH`; programs and scripts get mode 0755, all else 0644, whatever FILE's own is.

    Raises:
      TemplateError: FILE is a directory.
    """
    source, _, path = text.partition("=")
    if pathlib.Path(source).is_dir():
        # of the source tree: analysis cannot tell it from a file
        raise TemplateError(f"contents: what is to be {path!r} is a directory; name its files")
    with pathlib.Path(source).open("rb") as file:
        start = file.read(4)
    executable = start == b"\x7fELF" or start.startswith(b"#!")
    return Content(pathlib.Path(source), path, 0o755 if executable else 0o644)


def _digest(path: pathlib.Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main(argv: list[str]) -> int:
    """Runs the program; returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--label", required=True)
    parser.add_argument("--filesystem", choices=[*MAKERS, "raw"], required=True)
    parser.add_argument("--size-mib", type=int, required=True)
    parser.add_argument("--option", action="append", default=[])
    parser.add_argument("--content", action="append", default=[], metavar="FILE=PATH")
    parser.add_argument("--fixed", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args(argv)
    template = Template(args.filesystem, args.size_mib, tuple(args.option))
    try:
        contents = sorted(map(read_content, args.content), key=lambda content: content.path)
        template = dataclasses.replace(template, contents=tuple(contents))
        Workshop(args.work, args.fixed).make(template, args.out)
    except (TemplateError, OSError) as error:
        full = isinstance(error, OSError) and error.errno == errno.ENOSPC
        told = f"{_FULL}: {error}" if full else str(error)
        print(f"disk_template {args.label}: {template.describe()}: {told}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
