# SPDX-License-Identifier: Apache-2.0
"""Goes on with the build of a kernel where the one before ended, inside the Debian root.

    incremental.py --state /in/state --prepared /in/part.tar.zst --config /in/config
                   --fragment NAME=/in/0.config... --folder /build --out /out

/build is the folder of one kernel on this machine: src is a copy of a tree, and state says of which
one (tools/kernel/source/mirror.py); out has the objects, which make compares with it by time. What
comes of it depends on all that was built there before, so it is nobody else's. Writes what build.py
does, but for bzImage, which no guest needs.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pathlib
import shutil
import sys

# The root's Python starts isolated: imports begin at the top of the repository, wherever it is.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from tools.kernel.build import BuildError, Tree
from tools.kernel.config import ConfigError, fragment_text
from tools.kernel.events import parse_events

# the one file that kernel_source changes of a tree
_PREPARED = "scripts/gen-btf.sh"
_MAX_JOBS = 16


class WarmTree(Tree):
    """A kernel's tree and objects in `folder`, which stay from one build to the next."""

    def take(self, prepared: pathlib.Path) -> None:
        """Gives the tree the file that `kernel_source` has changed, if that is another one."""
        found = self._run(["tar", "--list", "--file", prepared]).splitlines()
        member = next((name for name in found if name.partition("/")[2] == _PREPARED), None)
        if member is None:
            return
        text = self._run(["tar", "--extract", "--to-stdout", "--file", prepared, member])
        path = self._src / _PREPARED
        if path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")

    def set(self, config: pathlib.Path) -> None:
        """Configures it; make compiles what depends on options that have changed."""
        self._out.mkdir(exist_ok=True)
        path = self._out / ".config"
        if not path.exists() or path.read_bytes() != config.read_bytes():
            shutil.copyfile(config, path)

    def export(self, out: pathlib.Path, source_digest: str) -> None:
        """Writes what tests and schedulers need; `source_digest` is that of the tree's state."""
        vmlinux, built = out / "vmlinux", self._out / "vmlinux"
        self._run(["objcopy", "--strip-debug", built, vmlinux])
        dwarf = ["objcopy", "--only-keep-debug", "--compress-debug-sections=zstd"]
        self._run([*dwarf, built, out / "vmlinux.dwarf"])
        shutil.copyfile(self._out / "System.map", out / "System.map")
        shutil.copyfile(self._out / ".config", out / "config")
        release = (self._out / "include/config/kernel.release").read_text(encoding="utf-8")
        (out / "release").write_text(release, encoding="utf-8")
        self._types(out / "vmlinux.h")
        info = {
            "release": release.strip(),
            "incremental": True,
            "tree_state": source_digest,
            "compiler": self._run(["gcc", "--version"]).splitlines()[0],
            "pahole": self._run(["pahole", "--version"]).strip(),
        }
        text = json.dumps(info, indent=2, sort_keys=True) + "\n"
        (out / "build_info.json").write_text(text, encoding="utf-8")

    def _make(self, *targets: str) -> None:
        super()._make(*(target for target in targets if target != "bzImage"))


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("state", "prepared", "config", "folder", "out"):
        parser.add_argument(f"--{option}", type=pathlib.Path, required=True)
    parser.add_argument("--fragment", action="append", default=[], metavar="NAME=PATH")
    args = parser.parse_args(argv)
    try:
        # the path is the rule's, and holds no `=`; a fragment's name may
        named = [fragment.rpartition("=")[::2] for fragment in args.fragment]
        texts = [
            (name, fragment_text(name, pathlib.Path(path).read_bytes())) for name, path in named
        ]
        with (args.folder / "lock").open("w") as lock:
            # another Bazel may build here
            fcntl.flock(lock, fcntl.LOCK_EX)
            state = args.state.read_text().strip()
            _check(args.folder, state)
            tree = WarmTree(args.folder, min(_MAX_JOBS, os.cpu_count() or 1))
            tree.take(args.prepared)
            tree.leave_out([events for text in texts for events in parse_events(*text)])
            tree.set(args.config)
            tree.build()
            tree.export(args.out, state)
            _check(args.folder, state)
    except (BuildError, ConfigError, OSError) as error:
        print(f"kernels.local: {error}", file=sys.stderr)
        return 1
    return 0


def _check(folder: pathlib.Path, wanted: str) -> None:
    """Raises BuildError: the copy of the tree is of another state than the one asked for."""
    path = folder / "state"
    found = path.read_text().strip() if path.exists() else ""
    if found != wanted:
        raise BuildError(
            f"the copy of the tree is of state {found[:12] or 'unknown'}, and the build is of "
            f"{wanted[:12]}: another Bazel has copied the tree anew meanwhile; build again"
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
