# SPDX-License-Identifier: Apache-2.0
"""Fetches Debian packages through an apt state of its own: the system's stays as it is."""

import os
import platform
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tools.private.bazel_setup.console import say
from tools.private.bazel_setup.errors import SetupError
from tools.private.bazel_setup.process import check

# Suites that have Bazel 7, the next stable release first.
SUITES = ("forky", "sid")

# libblake3 is used, but not declared, by bazel-bootstrap; zip, unzip and file are what Bazel's test
# wrapper calls; pip is for machines whose python3 comes without it.
_WANTED = (
    "bazel-bootstrap",
    "bazel-rules-shell",
    "bazel-rules-pkg",
    "libblake3-0",
    "zip",
    "unzip",
    "file",
    "python3-pip-whl",
)

# Dependencies that the private Bazel takes from elsewhere or never uses: apt is told that they are
# there.
_STANDINS = (
    "build-essential",
    "ca-certificates",
    "ca-certificates-java",
    "debconf",
    "default-jdk-headless",
    "default-jre",
    "default-jre-headless",
    "dpkg",
    "java-common",
    "libc-dev-bin",
    "libc6-dev",
    "libjs-jquery",
    "linux-libc-dev",
    "node-core-js",
    "node-html5shiv",
    "perl",
    "perl-base",
    "protobuf-compiler-grpc-java-plugin",
    "python3",
    "velocity",
    "zlib1g-dev",
)

_APT_CONFIGURATION = """\
Dir "{state}";
Dir::State::status "{state}/var/lib/dpkg/status";
Dir::Etc::trustedparts "/etc/apt/trusted.gpg.d";
APT::Architecture "amd64";
APT::Architectures {{ "amd64"; }};
APT::Sandbox::User "";
APT::Install-Recommends "false";
Acquire::Check-Valid-Until "false";
Acquire::Check-Date "false";
Acquire::Languages "none";
Acquire::Retries "3";
"""

# Names a Debian mirror where apt's sources have none; the repository rules read it, too.
MIRROR_VARIABLE = "KTSTR_DEBIAN_MIRROR"

_UPDATE_SECONDS = 180
_DOWNLOAD_SECONDS = 900
_UNPACK_SECONDS = 120


@dataclass(frozen=True)
class Fetched:
    """Unpacked packages: their common root, and the upstream version of each by its name."""

    root: Path
    versions: Mapping[str, str]


def fetch(work: Path, environment: Mapping[str, str]) -> Fetched:
    """Downloads and unpacks Bazel and what it needs below `work`. Raises SetupError."""
    _require_debian()
    state = work / "apt"
    apt = {**environment, "APT_CONFIG": str(state / "apt.conf"), "LC_ALL": "C.UTF-8"}
    mirror, keyring = _mirror(environment)
    _make_state(state, environment)
    refusals = []
    for suite in SUITES:
        try:
            _download(state, apt, f"deb [signed-by={keyring}] {mirror} {suite} main\n")
        except SetupError as error:
            refusals.append(f"{suite}: {error}")
            continue
        archives = sorted((state / "var/cache/apt/archives").glob("*.deb"))
        size = sum(a.stat().st_size for a in archives) // 1_000_000
        say(f"fetched {len(archives)} packages of {suite}, {size} MB, signatures checked")
        return _unpack(archives, work / "root", environment)
    raise SetupError(
        "no suite of the Debian mirror gave a usable Bazel 7:\n  " + "\n  ".join(refusals)
    )


def _require_debian() -> None:
    for program in ("apt-get", "apt-config", "dpkg-deb"):
        if shutil.which(program) is None:
            raise SetupError(
                f"a private Bazel is made of Debian's packages, and {program} is not on this "
                "machine; install bazelisk, or Bazel 7.4 or later, and put it on PATH"
            )
    if platform.machine() != "x86_64":
        raise SetupError(
            f"the private Bazel is for x86_64, this machine is {platform.machine()}; install "
            "bazelisk"
        )


def _mirror(environment: Mapping[str, str]) -> tuple[str, Path]:
    """The Debian mirror that the machine's apt uses, and the keyring for its suites."""
    keyring = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
    if not keyring.is_file():
        raise SetupError(f"{keyring} is missing; apt-get install debian-archive-keyring")
    if named := environment.get(MIRROR_VARIABLE, "").split():
        return named[0].rstrip("/"), keyring
    listed = check(
        "reading apt's sources",
        ["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"],
        deadline_seconds=60,
        advice="repair the machine's apt configuration",
        environment=environment,
    )
    mirrors = [line for line in listed.splitlines() if line.rstrip("/").endswith("/debian")]
    if not mirrors:
        found = ", ".join(sorted(set(listed.split()))) or "no source at all"
        raise SetupError(
            "a private Bazel is made of Debian's packages, and none of the machine's apt "
            f"sources is a Debian mirror (found: {found}); name one in the environment variable "
            f"{MIRROR_VARIABLE}, or install bazelisk and put it on PATH"
        )
    return mirrors[0], keyring


def _make_state(state: Path, environment: Mapping[str, str]) -> None:
    for directory in (
        "etc/apt/apt.conf.d",
        "etc/apt/preferences.d",
        "etc/apt/sources.list.d",
        "var/cache/apt/archives/partial",
        "var/lib/apt/lists/partial",
        "var/lib/dpkg",
    ):
        (state / directory).mkdir(parents=True)
    dump = check(
        "reading apt's configuration",
        ["apt-config", "dump", "Acquire"],
        deadline_seconds=60,
        advice="repair the machine's apt configuration",
        environment=environment,
    )
    # Proxies and certificates are the machine's, everything else is ours.
    network = [line for line in dump.splitlines() if line.lower().startswith("acquire::http")]
    text = _APT_CONFIGURATION.format(state=state) + "\n".join(network) + "\n"
    (state / "apt.conf").write_text(text, encoding="utf-8")
    (state / "var/lib/dpkg/status").write_text(
        "".join(_standin(p) for p in _STANDINS), encoding="utf-8"
    )


def _standin(package: str) -> str:
    return (
        f"Package: {package}\nStatus: install ok installed\nPriority: optional\nSection: misc\n"
        "Maintainer: none <none@localhost>\nArchitecture: amd64\nVersion: 9999\nDescription: "
        "stand-in\n\n"
    )


def _download(state: Path, apt: Mapping[str, str], source: str) -> None:
    (state / "etc/apt/sources.list").write_text(source, encoding="utf-8")
    advice = "check the machine's network and apt sources"
    check(
        "apt-get update",
        ["apt-get", "-qq", "update"],
        deadline_seconds=_UPDATE_SECONDS,
        advice=advice,
        environment=apt,
    )
    shown = check(
        "apt-cache show bazel-bootstrap",
        ["apt-cache", "show", "--no-all-versions", "bazel-bootstrap"],
        deadline_seconds=60,
        advice="the suite has no bazel-bootstrap",
        environment=apt,
    )
    version = next(
        (line.split()[1] for line in shown.splitlines() if line.startswith("Version:")), "none"
    )
    if not version.startswith("7."):
        raise SetupError(f"its bazel-bootstrap is {version}, not 7")
    check(
        f"downloading bazel-bootstrap {version}",
        ["apt-get", "-qq", "--yes", "--download-only", "install", *_WANTED],
        deadline_seconds=_DOWNLOAD_SECONDS,
        advice=advice,
        environment=apt,
    )


def _unpack(archives: list[Path], root: Path, environment: Mapping[str, str]) -> Fetched:
    def extract(archive: Path) -> None:
        check(
            f"unpacking {archive.name}",
            ["dpkg-deb", "--extract", archive, root],
            deadline_seconds=_UNPACK_SECONDS,
            advice="check that the disk is not full and try again",
            environment=environment,
        )

    root.mkdir()
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        list(pool.map(extract, archives))
    versions = {}
    for archive in archives:
        name, version, _ = archive.name.split("_", 2)
        # apt escapes the epoch's colon in file names; upstream's part ends at "+ds" or the last
        # hyphen.
        upstream = version.rpartition("%3a")[2].rpartition("-")[0] or version
        versions[name] = upstream.partition("+")[0].partition("~")[0]
    return Fetched(root, versions)
