# SPDX-License-Identifier: Apache-2.0
"""What the declarations of a consumer's MODULE.bazel become: sources, names, records, errors.

Mirrors, remotes and trees are directories here; nothing is compiled.
"""

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
import unittest
from pathlib import Path

from absl.testing import absltest
from runfiles import Runfiles

from tests.kernel.source.trees import SOURCES, commit_all, packed, write_tree
from tests.support.nested import NestedBazel

_MODULE = """\
module(name = "consumer")

bazel_dep(name = "ktstr", version = "0")

local_path_override(
    module_name = "ktstr",
    path = "../ktstr",
)

kernels = use_extension("@ktstr//rules:extensions.bzl", "kernels")
kernels.index(file = "//:releases.json")
{declarations}
use_repo(kernels, "kernels")
"""
_BUILD = """\
load("@kernels//:kernels.bzl", "KERNELS")

[
    filegroup(name = "all_" + str(len(names)), srcs = [name + ".source" for name in names])
    for what, names in KERNELS.items()
    if what == "6.12..6.14"
]
"""
_INDEX = {
    "releases": [
        {"moniker": "mainline", "version": "6.15-rc3"},
        {"moniker": "stable", "version": "6.14.2"},
        {"moniker": "longterm", "version": "6.12.23"},
    ]
}
_PATH = "kernel_path_linux_"


@unittest.skipUnless(shutil.which("git"), "there is no git")
class ExtensionTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        runfiles = Runfiles.Create()
        assert runfiles is not None
        self.directory = Path(tempfile.mkdtemp(dir=os.environ["TEST_TMPDIR"])).resolve()
        self.workspace, module = self.directory / "workspace", self.directory / "ktstr"
        self.workspace.mkdir()
        marker = runfiles.Rlocation("lint_sources/src/MODULE.bazel")
        bazel = runfiles.Rlocation("host_bazel/bazel")
        assert marker is not None and bazel is not None
        shutil.copytree(Path(marker).parent, module)
        for path in module.rglob("*.source"):
            path.rename(path.with_suffix(""))
        (self.workspace / "BUILD.bazel").write_text(_BUILD, encoding="utf-8")
        settings = f"common --repo_env=XDG_CACHE_HOME={self.directory}/cache\n"
        (self.workspace / ".bazelrc").write_text(settings, encoding="utf-8")
        (self.workspace / "fixes").mkdir()
        for name in ("one.patch", "two.diff"):
            (self.workspace / "fixes" / name).touch()
        (self.workspace / "releases.json").write_text(json.dumps(_INDEX), encoding="utf-8")
        self.tree = self.directory / "linux"
        self.tree.mkdir()
        write_tree(self.tree)
        self.commit = commit_all(self.tree)
        self.bazel = NestedBazel(
            Path(bazel), self.workspace, self.directory / "base", ("--host_jvm_args=-Xmx1g",)
        )
        self.addCleanup(self.bazel.shutdown)

    def declare(self, *declarations: str) -> None:
        text = _MODULE.format(declarations="\n".join(declarations))
        (self.workspace / "MODULE.bazel").write_text(text, encoding="utf-8")

    def build(self, *targets: str) -> None:
        self.bazel.run("build", *targets, "--lockfile_mode=off")

    def record(self, repository: str) -> dict[str, object]:
        """The source.json of a kernel's repository."""
        (path,) = (self.directory / "base/external").glob(f"*kernels~{repository}/source.json")
        found: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
        return found | {"directory": path.parent}

    def archive(self, name: str, top: str) -> Path:
        """An archive of the tree's sources at mirror/NAME, below the folder `top`."""
        path = self.directory / "mirror" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        xz = path.suffix == ".xz"
        with tarfile.open(path, "w:xz") if xz else tarfile.open(path, "w:gz") as tar:
            for source in sorted(SOURCES):
                tar.add(self.tree / source, f"{top}/{source}")
            version = f"# {name}\n".encode()
            info = tarfile.TarInfo(f"{top}/VERSION")
            info.size = len(version)
            tar.addfile(info, io.BytesIO(version))
        return path

    def test_every_kind_of_source(self) -> None:
        mirror = f"file://{self.directory}/mirror"
        newer = self.archive("v6.x/linux-6.14.2.tar.xz", "linux-6.14.2")
        older = self.archive("v6.x/linux-6.12.23.tar.xz", "linux-6.12.23")
        sums = newer.parent / "sha256sums.asc"
        sums.write_text(f"{_sha256(newer)}  {newer.name}\n", encoding="utf-8")
        candidate = self.archive("v6.x/testing/linux-6.15-rc3.tar.gz", "linux-6.15-rc3")
        deep = self.archive("deep.tar.gz", "a/b/linux")
        self.declare(
            f'kernels.release(version = "6.12..6.14", mirrors = ["{mirror}"])',
            f'kernels.release(version = "6.15-rc3", sha256 = "{_sha256(candidate)}",'
            f' mirrors = ["file:///nowhere", "{mirror}"])',
            f'kernels.archive(name = "mine", urls = ["file://{deep}"], sha256 = "{_sha256(deep)}",'
            ' strip_prefix = "a/b/linux")',
            f'kernels.git(remote = "file://{self.tree}", ref = "main", name = "branch")',
            f'kernels.kernel(spec = "git+file://{self.tree}#{self.commit}", name = "commit")',
            'kernels.local(path = "../linux",'
            ' patches = ["//:fixes/one.patch", "//:fixes/two.diff"])',
        )
        tree = self.names_of_trees()
        self.build(
            "//:all_2",
            *(f"@kernels//:{name}.source" for name in ("kernel_6_15_rc3", "mine", "branch")),
            *(f"@kernels//:{name}.source" for name in ("commit", tree)),
        )
        with self.subTest("a release whose digest the mirror lists"):
            found = self.record("kernel_6_14_2")
            self.assertEqual(found["sha256"], _sha256(newer))
            self.assertIn("sha256sums.asc", str(found["checked_against"]))
        with self.subTest("a release that nothing says the digest of"):
            found = self.record("kernel_6_12_23")
            self.assertEqual(found["sha256"], _sha256(older))
            self.assertIn("nothing", str(found["checked_against"]))
        with self.subTest("a candidate, from the second mirror"):
            self.assertEqual(self.record("kernel_6_15_rc3")["sha256"], _sha256(candidate))
        with self.subTest("an archive's folder"):
            found = self.record("mine")
            names = packed(Path(str(found["directory"]), "linux.tar")).keys()
            self.assertEqual(names, SOURCES | {"VERSION"})
        for name in ("branch", "commit"):
            with self.subTest(name):
                found = self.record(name)
                self.assertEqual(found["commit"], self.commit)
                names = packed(Path(str(found["directory"]), "linux.tar")).keys()
                self.assertEqual(names, SOURCES)
        self.check_tree(tree)

    def names_of_trees(self) -> str:
        """The name of the only local tree."""
        names = self.bazel.output("query", "@kernels//:all", "--lockfile_mode=off").split()
        (tree,) = (n.partition(":")[2] for n in names if _PATH in n and not n.endswith(".source"))
        return tree

    def check_tree(self, tree: str) -> None:
        """A tree's edits are seen; its kernel is marked, and kept out of shared caches."""
        found = self.record(tree)
        self.assertEqual((found["state"], found["commit"]), ("clean", self.commit))
        with self.subTest("clean"):
            text = self.kernel_image(tree)
            self.assertIn(f'name = "{tree}",', text)
            self.assertNotIn("no-cache", text)
        with self.subTest("patched, in this order"):
            text = self.described(f"labels(source, {self.image_of(tree)})")
            self.assertIn('patches = ["//:fixes/one.patch", "//:fixes/two.diff"],', text)
        with self.subTest("edited"):
            (self.tree / "kernel/fork.c").write_text("int spoon;\n", encoding="utf-8")
            self.build(f"@kernels//:{tree}.source")
            found = self.record(tree)
            self.assertEqual((found["state"], found["changed"]), ("dirty", 1))
            archive = packed(Path(str(found["directory"]), "linux.tar"))
            self.assertEqual(archive["kernel/fork.c"], b"int spoon;\n")
            text = self.kernel_image(tree)
            self.assertIn(f'name = "{tree}_dirty",', text)
            self.assertIn('"no-cache"', text)
            self.assertIn('"no-remote"', text)

    def kernel_image(self, name: str) -> str:
        """The kernel_image behind a name, as Bazel sees it."""
        return self.described(self.image_of(name))

    def image_of(self, name: str) -> str:
        """The query for a kernel_image behind two aliases, which goes no further."""
        return f"kind(kernel_image, deps(@kernels//:{name}, 2))"

    def test_a_tree_that_is_built_further(self) -> None:
        self.declare('kernels.local(path = "../linux", name = "further", incremental = True)')
        self.build("@kernels//:further.source")
        found = self.record("further")
        self.assertEqual(
            (found["state"], found["kind"], found["files"]), ("clean", "incremental", 6)
        )
        folder = Path(str(found["folder"]))
        self.assertEqual(folder.parent, self.directory / "cache/ktstr/kernels")
        state = (folder / "state").read_text(encoding="utf-8")
        names = packed(Path(str(found["directory"]), "part.tar")).keys()
        self.assertEqual(names, {"Kconfig", "Makefile", "scripts/run.sh"})
        with self.subTest("edited"):
            (self.tree / "kernel/fork.c").write_text("int spoon;\n", encoding="utf-8")
            self.build("@kernels//:further.source")
            self.assertEqual(self.record("further")["files"], 1)
            self.assertEqual((folder / "src/kernel/fork.c").read_text(), "int spoon;\n")
            self.assertNotEqual((folder / "state").read_text(encoding="utf-8"), state)
        with self.subTest("somebody removed the folder"):
            shutil.rmtree(folder)
            self.build("@kernels//:further.source")
            self.assertEqual(self.record("further")["files"], 6)

    def described(self, query: str) -> str:
        """The targets of a query, as Bazel sees them."""
        return self.bazel.output("query", query, "--output=build", "--lockfile_mode=off")

    def test_errors_say_what_to_do(self) -> None:
        archive = self.archive("mine.tar.gz", "linux")
        urls = f'urls = ["file://{archive}"]'
        for what, declaration, texts in (
            ("inverted", 'kernels.release(version = "6.14..6.12")', ["wrong way", "6.12..6.14"]),
            (
                "form",
                'kernels.kernel(spec = "latest")',
                ["names no kernel", "a range (6.12..6.14)"],
            ),
            ("no such series", 'kernels.release(version = "6.13")', ["has none of this series"]),
            (
                "several",
                'kernels.release(version = "6.12..6.14", name = "x")',
                ["is several kernels"],
            ),
            (
                "one name",
                f'kernels.archive(name = "x", sha256 = "", {urls})\n'
                'kernels.release(version = "6.14.1", name = "x")',
                ["two kernels are named x"],
            ),
            (
                "no patch",
                'kernels.release(version = "6.14.2", patches = ["//:fix.txt"])',
                ["//:fix.txt is no patch; its name must end in .patch or .diff"],
            ),
            (
                "patched and incremental",
                'kernels.local(path = "../linux", incremental = True, patches = ["//:a.patch"])',
                ["is incremental, and has patches; apply them to the tree"],
            ),
        ):
            with self.subTest(what):
                self.declare(declaration)
                self.assert_refused("//:all", *texts)
        self.declare(
            f'kernels.archive(name = "x", sha256 = "{"0" * 64}", {urls})',
            'kernels.release(version = "6.14.1", mirrors = ["file:///nowhere"])',
            f'kernels.git(remote = "file://{self.tree}", ref = "none", name = "revision")',
            'kernels.local(path = "../none", name = "tree")',
        )
        for what, name, texts in (
            ("digest", "x", ["digest does not match", _sha256(archive), "do not use it"]),
            ("gone", "kernel_6_14_1", ["cannot be had", "linux-6.14.1.tar.xz: not there"]),
            ("revision", "revision", ["revision none: git cannot fetch it"]),
            ("tree", "tree", ["there is no such directory"]),
        ):
            with self.subTest(what):
                self.assert_refused(f"@kernels//:{name}.source", *texts)

    def assert_refused(self, target: str, *texts: str) -> None:
        with self.assertRaises(AssertionError) as raised:
            self.build(target)
        for text in texts:
            self.assertIn(text, str(raised.exception))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    absltest.main()
