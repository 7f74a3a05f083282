# SPDX-License-Identifier: Apache-2.0
"""Makes a kernel's configuration inside the Debian root, without building the kernel.

    configure.py --source /in/linux.tar.xz --fragment NAME=/in/0.config... --base tinyconfig
                 [--versions NAME=/in/versions] --work /build --out /out

What fragments say wrongly is told first: what contradicts each other, and options that the kernel
does not know.  Then every line is checked against the final configuration.  Writes /out/config and
/out/N.config, each fragment as it holds for this version of Linux.
"""

from __future__ import annotations

import argparse
import pathlib
import shutil
import sys
from collections.abc import Sequence

# The root's Python starts isolated: imports begin at the top of the repository, wherever it is.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from tools.kernel.build import BuildError, Tree
from tools.kernel.config import (
    ConfigError,
    Line,
    fragment_text,
    join,
    parse_fragment,
    verify,
)
from tools.kernel.versions import of_version, parse_versions, version_of

# all that kconfig and the checks of compilers in Kconfig files need of a tree
_PARTS = (
    "*/Kconfig*",
    "*/Makefile*",
    "*/Kbuild*",
    "*/arch/x86/configs/*",
    "*/kernel/configs/*",
    "*/scripts/*",
)


class ConfigurationTree(Tree):
    """The part of a kernel's source tree that its configuration is made with."""

    def unpack(self, archive: pathlib.Path) -> None:
        """Unpacks that part alone, which takes seconds where the whole takes minutes."""
        self._src.mkdir()
        command = ["tar", "--extract", "--file", archive, "--strip-components=1", "--no-same-owner"]
        self._run([*command, "--directory", self._src, "--wildcards", *_PARTS])
        if not (self._src / "Kconfig").exists():
            raise BuildError(f"{archive.name} is no kernel source: it has no Kconfig at its top")

    def makefile(self) -> str:
        """The text of the top Makefile."""
        return (self._src / "Makefile").read_text(encoding="utf-8", errors="replace")

    def refuse_unknown(self, lines: Sequence[Line]) -> None:
        """Raises ConfigError if the kernel does not know an option of these lines."""
        symbols = self._symbols()
        final = {each.option: each.value for each in lines}
        problems = verify([each for each in lines if each.option not in symbols], final, symbols)
        if problems:
            raise ConfigError("\n".join(problems))

    def export_config(self, path: pathlib.Path) -> None:
        """Writes the final configuration."""
        shutil.copyfile(self._out / ".config", path)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--fragment", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--versions", default="", metavar="NAME=PATH")
    parser.add_argument("--base", required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args(argv)
    try:
        fragments = [_read(named) for named in args.fragment]
        ranges = parse_versions(*_read(args.versions)) if args.versions else {}
        # before minutes of unpacking: what each fragment is by itself
        for fragment in fragments:
            parse_fragment(*fragment)
        tree = ConfigurationTree(args.work, jobs=2)
        tree.unpack(args.source)
        version = version_of(tree.makefile())
        texts = [of_version(name, text, ranges, version) for name, text in fragments]
        names = [name for name, _ in fragments]
        lines = join(map(parse_fragment, names, texts))
        tree.refuse_unknown(lines)
        tree.configure(args.base, lines)
        for number, text in enumerate(texts):
            (args.out / f"{number}.config").write_text(text, encoding="utf-8")
        tree.export_config(args.out / "config")
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
