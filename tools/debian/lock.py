# SPDX-License-Identifier: Apache-2.0
"""Writes lock.json from packages.txt: version, size, digest and pool path of every package needed.

    tools/bazel run //tools/debian:lock               # every set
    tools/bazel run //tools/debian:lock -- payloads   # this one; the others stay as they are
    tools/bazel run //tools/debian:lock -- --keep payloads   # only what no set has yet
    tools/bazel run //tools/debian:lock -- --suite trixie-backports

A lock is of one suite. Those of other suites than trixie are SUITE.json, made from SUITE.txt.

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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypedDict

from tools.debian.stanzas import Locked, locked, parse_stanzas

_KEYRING = pathlib.Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_ARCHITECTURE = "amd64"
_SUITE = "trixie"
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


@dataclass(frozen=True)
class Wanted:
    """One set of packages.txt: its packages, and whether their dependencies belong to it."""

    packages: tuple[str, ...]
    with_dependencies: bool = False


class Lock(TypedDict):
    """lock.json.  `snapshots`: when each set was locked, as a snapshot archive's time stamp.

    A set that was locked with --keep has several, with blanks between them.
    """

    suite: str
    architecture: str
    snapshots: dict[str, str]
    sets: dict[str, list[Locked]]


def parse_wanted(text: str) -> dict[str, Wanted]:
    """Reads packages.txt: `[set]` headers, one package a line, `#` comments.

    `[set with dependencies]` asks for all that its packages depend on, too.

    Raises:
      LockError: a package before the first header, or a set twice.
    """
    sets: dict[str, Wanted] = {}
    current: str | None = None
    for number, line in enumerate(text.splitlines(), 1):
        word = line.partition("#")[0].strip()
        if not word:
            continue
        if header := re.fullmatch(r"\[(\w+)( with dependencies)?\]", word):
            current = header[1]
            if current in sets:
                raise LockError(f"line {number}: set [{current}] a second time")
            sets[current] = Wanted((), bool(header[2]))
        elif current is None:
            raise LockError(f"line {number}: {word} stands before the first [set]")
        else:
            before = sets[current]
            sets[current] = replace(before, packages=(*before.packages, word))
    return sets


def chosen_sets(wanted: Mapping[str, Wanted], names: Iterable[str]) -> list[str]:
    """The sets to lock anew: those named, all of them when none is.

    Raises:
      LockError: packages.txt has no such set.
    """
    chosen = list(names) or list(wanted)
    for name in chosen:
        if name not in wanted:
            raise LockError(f"there is no set [{name}]; sets are: {', '.join(wanted)}")
    return chosen


def merged_lock(fresh: Lock, before: Lock | None, wanted: Iterable[str]) -> Lock:
    """`fresh`, completed by the sets of `before` that were not locked anew, in the order `wanted`.

    Raises:
      LockError: a set is in neither, or `before` is of another suite or architecture.
    """
    merged = fresh | {"snapshots": {}, "sets": {}}
    for name in wanted:
        source = fresh if name in fresh["sets"] else before
        if source is None or name not in source["sets"]:
            raise LockError(f"set [{name}] was never locked; lock it too, or all sets at once")
        for key in ("suite", "architecture"):
            if source[key] != fresh[key]:
                raise LockError(
                    f"set [{name}] was locked for {source['suite']} on {source['architecture']}, "
                    f"not for {fresh['suite']} on {fresh['architecture']}; lock all sets at once"
                )
        merged["snapshots"][name] = source["snapshots"][name]
        merged["sets"][name] = source["sets"][name]
    return merged


def kept_lock(fresh: Lock, before: Lock) -> Lock:
    """`fresh` with the entries of `before` for packages that any of its sets has, its own first.

    So a root gets more packages and none of its files changes: guests take the C library from two
    roots, which must have the same one.
    """
    kept = fresh | {"snapshots": {}, "sets": {}}
    elsewhere = {each["name"]: each for entries in before["sets"].values() for each in entries}
    for name, entries in fresh["sets"].items():
        own = {each["name"]: each for each in before["sets"].get(name, [])}
        locks = elsewhere | own
        kept["sets"][name] = [locks.get(each["name"], each) for each in entries]
        stamps = [*before["snapshots"].get(name, "").split(), fresh["snapshots"][name]]
        kept["snapshots"][name] = " ".join(dict.fromkeys(stamps))
    return kept


class Apt:
    """apt with a private state in a directory, for one suite of one mirror.

    Raises:
      LockError: from every method, with apt's own words.
    """

    def __init__(
        self,
        state: pathlib.Path,
        mirror: str,
        suite: str,
        keyring: pathlib.Path,
        architecture: str = _ARCHITECTURE,
    ) -> None:
        self._state = state
        for name in (
            "etc/apt/preferences.d",
            "var/lib/apt/lists/partial",
            "var/cache/apt/archives/partial",
        ):
            (state / name).mkdir(parents=True)
        (state / "status").touch()
        (state / "apt.conf").write_text(_APT_CONFIG.format(state=state, architecture=architecture))
        (state / "etc/apt/sources.list").write_text(
            f"deb [signed-by={keyring}] {mirror} {suite} main\n"
        )
        self._run("apt-get", "update", "-qq", "--error-on=any")

    def release_date(self) -> str:
        """When the suite's Release file was made, as a snapshot archive's time stamp (UTC)."""
        files = list((self._state / "var/lib/apt/lists").glob("*Release"))
        dates = re.findall(r"^Date: (.*)$", files[0].read_text(encoding="utf-8"), re.MULTILINE)
        return email.utils.parsedate_to_datetime(dates[0]).strftime("%Y%m%dT%H%M%SZ")

    def resolve(self, wanted: Wanted) -> list[Locked]:
        """The lock entries of the wanted packages, dependencies too if asked, sorted by name."""
        names: Iterable[str] = wanted.packages
        if wanted.with_dependencies:
            plan = self._run("apt-get", "install", "--simulate", "-qq", *wanted.packages)
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


def suite_files(suite: str) -> tuple[str, str]:
    """The names of a suite's list of packages and of its lock."""
    return ("packages.txt", "lock.json") if suite == _SUITE else (f"{suite}.txt", f"{suite}.json")


def main(argv: list[str]) -> int:
    """Runs the program; returns its exit status."""
    here = pathlib.Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", "."), "tools/debian")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--suite", default=_SUITE)
    parser.add_argument("--architecture", default=_ARCHITECTURE, help="Debian's name, e.g. arm64")
    parser.add_argument("--mirror", help="default: the machine's own")
    parser.add_argument("--keyring", type=pathlib.Path, default=_KEYRING)
    parser.add_argument("--packages", type=pathlib.Path, help="default: that of the suite")
    parser.add_argument("--out", type=pathlib.Path, help="default: that of the suite")
    parser.add_argument(
        "--keep", action="store_true", help="leave each package as it is that a set has already"
    )
    parser.add_argument("sets", nargs="*", help="sets to lock anew; default: all")
    args = parser.parse_args(argv)
    if args.architecture != _ARCHITECTURE and not (args.packages and args.out):
        parser.error(
            f"--architecture {args.architecture}: the suite's own files are of {_ARCHITECTURE}; "
            f"give --packages and --out"
        )
    packages, out = suite_files(args.suite)
    args.packages = args.packages or here / packages
    args.out = args.out or here / out
    try:
        wanted = parse_wanted(args.packages.read_text(encoding="utf-8"))
        chosen = chosen_sets(wanted, args.sets)
        with tempfile.TemporaryDirectory(prefix="ktstr-lock-") as state:
            apt = Apt(
                pathlib.Path(state),
                args.mirror or machine_mirror(),
                args.suite,
                args.keyring,
                args.architecture,
            )
            fresh = Lock(
                suite=args.suite,
                architecture=args.architecture,
                snapshots=dict.fromkeys(chosen, apt.release_date()),
                sets={name: apt.resolve(wanted[name]) for name in chosen},
            )
        known = args.sets or args.keep
        before = json.loads(args.out.read_text(encoding="utf-8")) if known else None
        if args.keep and before is not None:
            fresh = kept_lock(fresh, before)
        lock = merged_lock(fresh, before, wanted)
    except (LockError, OSError) as error:
        print(f"{args.packages}: {error}", file=sys.stderr)
        return 1
    args.out.write_text(json.dumps(lock, indent=1) + "\n", encoding="utf-8")
    for name in chosen:
        print(
            f"{args.out}: [{name}]: {len(wanted[name].packages)} wanted, "
            f"{len(lock['sets'][name])} locked"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
