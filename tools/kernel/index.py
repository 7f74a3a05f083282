# SPDX-License-Identifier: Apache-2.0
"""Writes the index of a kernel's symbols and types: index.py --vmlinux F --output F."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ktstr.introspect.kernel import index
from ktstr.introspect.kernel.elf import Elf
from ktstr.model.errors import KtstrError


def main(arguments: list[str]) -> int:
    """Returns 1 where the file contradicts itself."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vmlinux", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        made = index.make(Elf(options.vmlinux))
    except KtstrError as error:
        print(error, file=sys.stderr)
        return 1
    options.output.write_bytes(made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
