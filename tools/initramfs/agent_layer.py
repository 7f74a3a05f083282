# SPDX-License-Identifier: Apache-2.0
"""Writes the guest's agent layer: the package ktstr as bytecode, the worker, and /init.

agent_layer --root ROOT --output agent.cpio --init FILE --worker FILE
    --module ktstr/guest/agent.py=FILE ...
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ktstr.initramfs import newc
from ktstr.model.errors import UsageError
from tools.initramfs import bytecode

# The directory on sys.path that holds the package.
_IMPORT_ROOT = "usr/lib/ktstr"


def entries_of(
    root: Path, init: Path, worker: Path, modules: Mapping[str, Path]
) -> Iterator[newc.Entry]:
    """Everything that goes into the layer; `modules` maps ktstr/guest/agent.py and the like.

    Raises:
      bytecode.CompileError: a module is no Python of the guest's version.
    """
    sources = {f"{_IMPORT_ROOT}/{path}": source for path, source in modules.items()}
    for path, code in bytecode.compile_sources(root, sources).items():
        yield newc.file(path, code)
    yield newc.file("usr/bin/ktstr-worker", worker, mode=0o755)
    yield newc.file("init", init, mode=0o755)


def main(argv: Sequence[str]) -> int:
    """Runs the program; returns its exit status."""
    parser = argparse.ArgumentParser(
        description="Write the guest's agent layer.", fromfile_prefix_chars="@"
    )
    parser.add_argument("--root", type=Path, required=True, help="an unpacked Debian root")
    parser.add_argument("--init", type=Path, required=True, help="the static init")
    parser.add_argument("--worker", type=Path, required=True, help="the static ktstr-worker")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--module", action="append", default=[], metavar="PATH=FILE")
    options = parser.parse_args(argv)
    modules = {
        path: Path(file) for path, _, file in (each.partition("=") for each in options.module)
    }
    try:
        with options.output.open("wb") as out:
            newc.write_layer(entries_of(options.root, options.init, options.worker, modules), out)
    except (UsageError, bytecode.CompileError) as error:
        print(f"guest agent layer: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
