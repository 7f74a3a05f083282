# SPDX-License-Identifier: Apache-2.0
"""Writes lock.json from packages.txt: version, size, digest and pool path of every package needed.

    tools/bazel run //tools/debian:lock

apt resolves in a private state with an empty package database, so that the machine's own packages
change nothing, and checks the archive's signatures against the Debian archive keyring. The mirror
is the machine's own, or --mirror.
"""

from __future__ import annotations

import argparse
import email.utils
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from tools.debian.stanzas import Locked, locked, parse_stanzas

_KEYRING = pathlib.Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_ARCHITECTURE = "amd64"
_APT_CONFIG = """\
Dir "{state}";
Dir::State::status "{state}/status";
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Sandbox::User "root";
APT::Install-Recommends "false";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::Retries "3";
"""


class LockError(Exception):
    """The lock cannot be made; the text says why and what to do."""


def parse_wanted(text: str) -> dict[str, list[str]]:
    """Reads packages.txt: `[set]` headers, one package a line, `#` comments.

    Raises:
      LockError: a package before the first header, or a set twice.
    """
    sets: dict[str, list[str]] = {}
    current: list[str] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        word = line.partition("#")[0].strip()
        if not word:
            continue
        if header := re.fullmatch(r"\[(\w+)\]", word):
            if header[1] in sets:
                raise LockError(f"line {number}: set [{header[1]}] a second time")
            current = sets[header[1]] = []
        elif current is None:
            raise LockError(f"line {number}: {word} stands before the first [set]")
        else:
            current.append(word)
    return sets


class Apt:
    """apt with a private state in a directory, for one suite of one mirror.

    Raises:
      LockError: from every method, with apt's own words.
    """

    def __init__(self, state: pathlib.Path, mirror: str, suite: str, keyring: pathlib.Path) -> None:
        self._state = state
        for name in (
            "etc/apt/preferences.d",
            "var/lib/apt/lists/partial",
            "var/cache/apt/archives/partial",
        ):
            (state / name).mkdir(parents=True)
        (state / "status").touch()
        (state / "apt.conf").write_text(_APT_CONFIG.format(state=state, architecture=_ARCHITECTURE))
        (state / "etc/apt/sources.list").write_text(
            f"deb [signed-by={keyring}] {mirror} {suite} main\n"
        )
        self._run("apt-get", "update", "-qq", "--error-on=any")

    def release_date(self) -> str:
        """When the suite's Release file was made, as a snapshot archive's time stamp (UTC)."""
        files = list((self._state / "var/lib/apt/lists").glob("*Release"))
        dates = re.findall(r"^Date: (.*)$", files[0].read_text(encoding="utf-8"), re.MULTILINE)
        return email.utils.parsedate_to_datetime(dates[0]).strftime("%Y%m%dT%H%M%SZ")

    def resolve(self, wanted: list[str], with_dependencies: bool) -> list[Locked]:
        """The lock entries of the wanted packages, dependencies too if asked, sorted by name."""
        names = wanted
        if with_dependencies:
            plan = self._run("apt-get", "install", "--simulate", "-qq", *wanted)
            names = [f"{n}={v}" for n, v in re.findall(r"^Inst (\S+) \((\S+)", plan, re.MULTILINE)]
        shown = self._run("apt-cache", "show", "--no-all-versions", *names)
        return sorted(map(locked, parse_stanzas(shown)), key=lambda package: package["name"])

    def _run(self, *command: str) -> str:
        environment = {**os.environ, "APT_CONFIG": str(self._state / "apt.conf"), "LC_ALL": "C"}
        result = subprocess.run(
            command, env=environment, text=True, capture_output=True, check=False
        )
        if result.returncode:
            raise LockError(f"{command[0]} {command[1]} failed:\n{result.stdout}{result.stderr}")
        return result.stdout


def machine_mirror() -> str:
    """The first Debian mirror of the machine's apt configuration.

    Raises:
      LockError: there is none.
    """
    command = ["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"]
    try:
        sites = subprocess.run(command, text=True, capture_output=True, check=True).stdout.split()
    except (OSError, subprocess.CalledProcessError) as error:
        raise LockError(f"the lock needs apt-get on a Debian machine: {error}") from error
    for site in sites:
        if site.rstrip("/").endswith("/debian"):
            return site.rstrip("/")
    raise LockError("apt is configured with no Debian mirror; name one with --mirror")


def _main(argv: list[str]) -> int:
    here = pathlib.Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", "."), "tools/debian")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--suite", default="trixie")
    parser.add_argument("--mirror", help="default: the machine's own")
    parser.add_argument("--keyring", type=pathlib.Path, default=_KEYRING)
    parser.add_argument("--packages", type=pathlib.Path, default=here / "packages.txt")
    parser.add_argument("--out", type=pathlib.Path, default=here / "lock.json")
    args = parser.parse_args(argv)
    try:
        sets = parse_wanted(args.packages.read_text(encoding="utf-8"))
        with tempfile.TemporaryDirectory(prefix="ktstr-lock-") as state:
            apt = Apt(
                pathlib.Path(state), args.mirror or machine_mirror(), args.suite, args.keyring
            )
            lock = {
                "suite": args.suite,
                "architecture": _ARCHITECTURE,
                "snapshot": apt.release_date(),
                "sets": {
                    name: apt.resolve(wanted, name == "root") for name, wanted in sets.items()
                },
            }
    except LockError as error:
        print(f"{args.packages}: {error}", file=sys.stderr)
        return 1
    args.out.write_text(json.dumps(lock, indent=1) + "\n", encoding="utf-8")
    wanted, got = sum(map(len, sets.values())), sum(map(len, lock["sets"].values()))
    print(f"{args.out}: {wanted} wanted, {got} locked")
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
