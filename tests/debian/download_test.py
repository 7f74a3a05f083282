# SPDX-License-Identifier: Apache-2.0
"""What Bazel says when a locked package cannot be had: what was asked, what was found, what to do.

A consumer's workspace with a lock of its own takes one package from mirrors that are directories.
"""

import hashlib
import json
import lzma
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from absl.testing import absltest
from runfiles import Runfiles

from tests.debian.packages import File, write_package
from tests.support.nested import NestedBazel

_MODULE = """\
module(name = "consumer")

bazel_dep(name = "ktstr", version = "0")

local_path_override(
    module_name = "ktstr",
    path = "../ktstr",
)

debian = use_extension("@ktstr//rules:extensions.bzl", "debian")
debian.file(
    name = "tool",
    keyring = "{keyring}",
    lock = "//:lock.json",
    member = "usr/share/tool",
    set = "tool",
)
debian.file(name = "other", lock = "//:lock.json", member = "usr/share/tool", set = "missing")
debian.file(name = "member", lock = "//:lock.json", member = "usr/share/none", set = "tool")
use_repo(debian, "member", "other", "tool")
"""
_PATH = "pool/main/t/tool/tool_1.0+deb13u1_all.deb"
_SUCCESSOR_PATH = "pool/main/t/tool/tool_1.1_all.deb"
_INDEX = "main/binary-amd64/Packages.xz"
_STANZA = """\
Package: tool
Version: 1.1
Installed-Size: 4
Filename: {path}
Size: {size}
SHA256: {sha256}
"""
_RELEASE = """\
Suite: stable
Codename: trixie
Date: Sat, 12 Sep 2026 07:55:41 UTC
SHA256:
 {sha256} {size} {name}
"""
_GPG_SECONDS = 60


class DownloadTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        runfiles = Runfiles.Create()
        assert runfiles is not None
        self.directory = Path(tempfile.mkdtemp(dir=os.environ["TEST_TMPDIR"])).resolve()
        workspace, module = self.directory / "workspace", self.directory / "ktstr"
        workspace.mkdir()
        marker = runfiles.Rlocation("lint_sources/src/MODULE.bazel")
        bazel = runfiles.Rlocation("host_bazel/bazel")
        assert marker is not None and bazel is not None
        shutil.copytree(Path(marker).parent, module)
        for path in module.rglob("*.source"):
            path.rename(path.with_suffix(""))
        self.keyring = self.directory / "keyring.gpg"
        text = _MODULE.format(keyring=self.keyring)
        (workspace / "MODULE.bazel").write_text(text, encoding="utf-8")
        (workspace / "BUILD.bazel").touch()
        good = self.mirror("good") / _PATH
        lock = {"suite": "trixie", "architecture": "amd64", "sets": {"tool": [_locked(good)]}}
        (workspace / "lock.json").write_text(json.dumps(lock), encoding="utf-8")
        self.bazel = NestedBazel(
            Path(bazel), workspace, self.directory / "base", ("--host_jvm_args=-Xmx1g",)
        )
        self.addCleanup(self.bazel.shutdown)

    def mirror(self, name: str, content: bytes = b"tool") -> Path:
        """A mirror with the package in it; other content, other digest."""
        package = self.directory / name / _PATH
        package.parent.mkdir(parents=True)
        write_package(package, {"usr/share/tool": File(content)})
        return self.directory / name

    def build(self, target: str, *mirrors: Path, options: tuple[str, ...] = ()) -> None:
        named = " ".join(f"file://{m}" for m in mirrors)
        # An empty repository cache: what one case has fetched must not help the next.
        cache = tempfile.mkdtemp(dir=self.directory)
        self.bazel.run(
            "build",
            target,
            "--lockfile_mode=off",
            f"--repository_cache={cache}",
            f"--repo_env=KTSTR_DEBIAN_MIRROR={named}",
            *options,
        )

    def test_errors_say_what_to_do_and_a_good_mirror_helps(self) -> None:
        good, bad, empty = self.directory / "good", self.mirror("bad", b"evil"), self.directory
        locked = hashlib.sha256((good / _PATH).read_bytes()).hexdigest()
        found = hashlib.sha256((bad / _PATH).read_bytes()).hexdigest()
        with self.subTest("digest"), self.assertRaises(AssertionError) as raised:
            self.build("@tool//:file", bad)
        self.assert_texts(
            raised.exception,
            "@tool: tool 1.0+deb13u1 of @@//:lock.json: digest does not match",
            f"wanted: SHA-256 {locked}",
            f"SHA-256 {found}",
            "Do not use it",
        )
        with self.subTest("gone"), self.assertRaises(AssertionError) as raised:
            self.build("@tool//:file", empty)
        self.assert_texts(
            raised.exception,
            "@tool: tool 1.0+deb13u1 of @@//:lock.json: gone from every mirror",
            "not there",
            "tools/bazel run //tools/debian:lock",
            "KTSTR_DEBIAN_MIRROR",
        )
        with self.subTest("set"), self.assertRaises(AssertionError) as raised:
            self.build("@other//:file", good)
        self.assert_texts(raised.exception, 'no set "missing"; sets are: tool')
        with self.subTest("member"), self.assertRaises(AssertionError) as raised:
            self.build("@member//:file", good)
        self.assert_texts(raised.exception, "has no file usr/share/none")
        with self.subTest("the third mirror is good"):
            self.build("@tool//:file", empty, bad, good)

    @unittest.skipUnless(shutil.which("gpg") and shutil.which("gpgv"), "there is no gpg, no gpgv")
    def test_a_signed_successor_stands_in_for_a_package_that_is_gone(self) -> None:
        mirror, strict = self.directory / "newer", "--repo_env=KTSTR_DEBIAN_STRICT=1"
        self.publish(mirror, self.keyring)
        with self.subTest("strict"), self.assertRaises(AssertionError) as raised:
            self.build("@tool//:file", mirror, options=(strict,))
        self.assert_texts(raised.exception, "gone from every mirror", "KTSTR_DEBIAN_STRICT is set")
        with self.subTest("another key"):
            other = self.directory / "other"
            self.publish(other, self.directory / "other.gpg")
            with self.assertRaises(AssertionError) as raised:
                self.build("@tool//:file", other)
            self.assert_texts(raised.exception, "the signature of InRelease does not check out")
        with self.subTest("changed index"):
            changed = self.directory / "changed"
            shutil.copytree(mirror, changed)
            (changed / "dists/trixie" / _INDEX).write_bytes(lzma.compress(b"Package: tool\n"))
            with self.assertRaises(AssertionError) as raised:
                self.build("@tool//:file", changed)
            self.assert_texts(raised.exception, "is not the one that its InRelease names")
        with self.subTest("good"):
            self.build("@tool//:file", mirror)
            found = list((self.directory / "base/external").glob("*debian~tool/tool"))
            self.assertEqual([path.read_bytes() for path in found], [b"newer tool"])

    def publish(self, mirror: Path, keyring: Path) -> None:
        """A mirror whose suite has version 1.1, signed with a new key; its public half: keyring."""
        package = mirror / _SUCCESSOR_PATH
        package.parent.mkdir(parents=True)
        write_package(package, {"usr/share/tool": File(b"newer tool")})
        index = mirror / "dists/trixie" / _INDEX
        index.parent.mkdir(parents=True)
        stanza = _STANZA.format(path=_SUCCESSOR_PATH, **_size_and_digest(package))
        index.write_bytes(lzma.compress(stanza.encode("utf-8")))
        release = self.directory / "Release"
        release.write_text(_RELEASE.format(name=_INDEX, **_size_and_digest(index)))
        # Sockets below the test's own directory would have too long a path.
        with tempfile.TemporaryDirectory(dir="/tmp") as home:

            def gpg(*arguments: object) -> None:
                command = ["gpg", "--homedir", home, "--batch", "--quiet", "--passphrase", ""]
                line = [*command, *map(str, arguments)]
                subprocess.run(line, check=True, timeout=_GPG_SECONDS, capture_output=True)

            gpg("--quick-generate-key", "Archive <archive@example.org>", "ed25519", "sign", "never")
            gpg("--output", keyring, "--export")
            gpg("--output", mirror / "dists/trixie/InRelease", "--clearsign", release)
            subprocess.run(
                ["gpgconf", "--homedir", home, "--kill", "gpg-agent"],
                check=False,
                timeout=_GPG_SECONDS,
            )

    def assert_texts(self, error: Exception, *texts: str) -> None:
        for text in texts:
            self.assertIn(text, str(error))


def _size_and_digest(path: Path) -> dict[str, str | int]:
    data = path.read_bytes()
    return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _locked(package: Path) -> dict[str, str | int]:
    return {
        "name": "tool",
        "version": "1.0+deb13u1",
        "path": _PATH,
        "sha256": hashlib.sha256(package.read_bytes()).hexdigest(),
        "size": package.stat().st_size,
        "installed_bytes": 4096,
    }


if __name__ == "__main__":
    absltest.main()
