# SPDX-License-Identifier: Apache-2.0
"""What a suite offers now, for a locked package that has left the mirrors.

    release.py index --inrelease FILE --keyring FILE --name main/binary-amd64/Packages.xz
    release.py package --index FILE --name PACKAGE

The chain: a key of the keyring has signed InRelease, which names the index's SHA-256 (printed by
`index`); the index names the package's (printed by `package`, as an entry of the lock). Runs inside
a repository rule on the host's Python and gpgv.
"""

from __future__ import annotations

import argparse
import json
import lzma
import pathlib
import re
import subprocess
import sys
import tempfile

# A repository rule's Python starts isolated: imports begin at the top of the repository.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from tools.debian.stanzas import Locked, locked, parse_stanzas

_DIGEST_LINE = re.compile(r"^ ([0-9a-f]{64})\s+\d+\s+(\S+)$", re.MULTILINE)


class ReleaseError(Exception):
    """The suite's present state cannot be trusted or lacks something; the text says which."""


def verified_release(inrelease: pathlib.Path, keyring: pathlib.Path) -> str:
    """The text of InRelease that a key of `keyring` has signed.

    Raises:
      ReleaseError: no such signature, no keyring, or no gpgv on the machine.
    """
    if not keyring.exists():
        raise ReleaseError(
            f"there is no keyring {keyring} to check signatures with "
            "(on Debian and Ubuntu: apt-get install debian-archive-keyring)"
        )
    with tempfile.TemporaryDirectory() as directory:
        signed = pathlib.Path(directory, "signed")
        command = ["gpgv", "--keyring", str(keyring.resolve())]
        command += ["--output", str(signed), str(inrelease)]
        try:
            done = subprocess.run(command, text=True, capture_output=True, check=False)
        except FileNotFoundError as error:
            raise ReleaseError("there is no gpgv to check signatures with") from error
        if done.returncode:
            raise ReleaseError(f"the signature of InRelease does not check out:\n{done.stderr}")
        return signed.read_text(encoding="utf-8")


def index_digest(release: str, name: str) -> str:
    """The SHA-256 that a Release text states for the file `name`.

    Raises:
      ReleaseError: it states none.
    """
    section = release.partition("\nSHA256:\n")[2]
    for digest, path in _DIGEST_LINE.findall(section):
        if path == name:
            return str(digest)
    raise ReleaseError(f"the suite's Release names no {name}")


def find_package(index: bytes, name: str) -> Locked:
    """The lock entry of `name` in an xz-compressed Packages index.

    Raises:
      ReleaseError: the suite has no such package any more.
    """
    for stanza in parse_stanzas(lzma.decompress(index).decode("utf-8")):
        if stanza.get("Package") == name:
            return locked(stanza)
    raise ReleaseError(f"the suite has no package {name} any more")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    index = commands.add_parser("index")
    index.add_argument("--inrelease", type=pathlib.Path, required=True)
    index.add_argument("--keyring", type=pathlib.Path, required=True)
    package = commands.add_parser("package")
    package.add_argument("--index", type=pathlib.Path, required=True)
    for command in (index, package):
        command.add_argument("--name", required=True)
    args = parser.parse_args(argv)
    try:
        if args.command == "index":
            print(index_digest(verified_release(args.inrelease, args.keyring), args.name))
        else:
            print(json.dumps(find_package(args.index.read_bytes(), args.name)))
    except ReleaseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
