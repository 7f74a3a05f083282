# SPDX-License-Identifier: Apache-2.0
"""protoc as grpcio-tools carries it, with the well-known types on its import path."""

import sys
from pathlib import Path

import grpc_tools
from grpc_tools import protoc


def main(arguments: list[str]) -> int:
    """Runs protoc with its own command-line arguments; returns its exit code."""
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    return int(protoc.main(["protoc", *arguments, f"-I{well_known}"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
