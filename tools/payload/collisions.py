# SPDX-License-Identifier: Apache-2.0
"""Sees that the payloads of one test do not overwrite each other's files.

collisions --stamp FILE INDEX...
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ktstr.model.errors import UsageError
from tools.payload.index import Index, check_collisions


def main(argv: Sequence[str]) -> int:
    """Runs the program; returns its exit status."""
    parser = argparse.ArgumentParser(description="Check that payloads' layers agree.")
    parser.add_argument("--owner", required=True, help="label of the test, for messages")
    parser.add_argument("--stamp", type=Path, required=True, help="written when they do")
    parser.add_argument("indexes", nargs="+", type=Path, metavar="INDEX")
    options = parser.parse_args(argv)
    try:
        check_collisions(Index.from_json(each.read_text()) for each in options.indexes)
    except UsageError as error:
        print(f"{options.owner}: payloads: {error}", file=sys.stderr)
        return 1
    options.stamp.touch()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
