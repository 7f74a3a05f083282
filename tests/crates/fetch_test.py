# SPDX-License-Identifier: Apache-2.0
"""What is fetched is what was locked, and the archive of it has nothing of the machine."""

import hashlib
import io
import json
import os
import pathlib
import subprocess
import tarfile
from dataclasses import dataclass, field

from absl.testing import absltest

from tools.crates.fetch import Asked, Cargo, fetch, hollow, write_archive
from tools.crates.words import CrateError

_METADATA = {"packages": [{"targets": [{"name": "scx_mine", "kind": ["bin"]}]}]}
_LIBRARY = {"packages": [{"targets": [{"name": "scx_mine", "kind": ["lib"]}]}]}


@dataclass(frozen=True)
class _Answers(Cargo):
    """Gives cargo's answers by its first argument, an empty success where none is named."""

    said: dict[str, tuple[int, str, str]] = field(default_factory=dict)
    crate: pathlib.Path | None = None

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        if arguments[0] == "info" and self.crate:
            target = self.home / "registry/cache/a-registry" / self.crate.name
            target.parent.mkdir(parents=True)
            target.write_bytes(self.crate.read_bytes())
        status, out, error = self.said.get(arguments[0], (0, "", ""))
        return subprocess.CompletedProcess(arguments, status, out, error)


class FetchTest(absltest.TestCase):
    def _cargo(self, **said: tuple[int, str, str]) -> _Answers:
        said.setdefault("metadata", (0, json.dumps(_METADATA), ""))
        folder = pathlib.Path(self.create_tempdir().full_path)
        (folder / "scratch").mkdir()
        return _Answers(folder / "scratch", folder / "home", said, self._crate("[]"))

    def _crate(self, lock: str | None, folder: str = "scx_mine-1.0.0") -> pathlib.Path:
        """A .crate file with a manifest, and a Cargo.lock of this text, in a folder."""
        file = pathlib.Path(self.create_tempdir().full_path, "scx_mine-1.0.0.crate")
        texts = {"Cargo.toml": "[package]", **({"Cargo.lock": lock} if lock else {})}
        with tarfile.open(file, "w:gz") as archive:
            for name, text in texts.items():
                entry = tarfile.TarInfo(f"{folder}/{name}")
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text.encode()))
        return file

    def _asked(self, cargo: _Answers) -> Asked:
        assert cargo.crate is not None
        return Asked("scx_mine", "1.0.0", hashlib.sha256(cargo.crate.read_bytes()).hexdigest())

    def test_the_crate_its_programs_and_its_crates_are_fetched(self) -> None:
        cargo = self._cargo()
        members = fetch(cargo, self._asked(cargo), None)
        self.assertEqual(set(members), {"crate", "programs", "vendor"})
        self.assertEqual(members["programs"].read_text(), "scx_mine\n")
        self.assertEqual((members["crate"] / "Cargo.lock").read_text(), "[]")

    def test_another_digest_is_refused_with_both(self) -> None:
        cargo = self._cargo()
        with self.assertRaisesRegex(CrateError, "digest does not match") as caught:
            fetch(cargo, Asked("scx_mine", "1.0.0", "0" * 64), None)
        self.assertIn(self._asked(cargo).sha256, str(caught.exception))
        self.assertIn("0" * 64, str(caught.exception))

    def test_a_crate_in_a_folder_of_another_name_is_refused_with_both(self) -> None:
        cargo = self._cargo()
        cargo = _Answers(cargo.scratch, cargo.home, cargo.said, self._crate("[]", "mine-main"))
        expected = r"(?s)wanted: one folder, scx_mine-1.0.0\n  found:  mine-main\n"
        with self.assertRaisesRegex(CrateError, expected):
            fetch(cargo, self._asked(cargo), None)
        self.assertEqual(list(cargo.scratch.iterdir()), [])

    def test_a_crate_that_cargo_does_not_find_is_told_in_cargos_words(self) -> None:
        cargo = self._cargo(info=(101, "", "error: could not find `scx_mine@1.0.0` in registry"))
        asked = self._asked(cargo)
        with self.assertRaisesRegex(CrateError, "gone, yanked, or never there"):
            fetch(_Answers(cargo.scratch, cargo.home, cargo.said), asked, None)

    def test_a_library_is_refused(self) -> None:
        cargo = self._cargo(metadata=(0, json.dumps(_LIBRARY), ""))
        with self.assertRaisesRegex(CrateError, "it has no program"):
            fetch(cargo, self._asked(cargo), None)

    def test_a_crate_without_a_lock_wants_one_and_takes_the_authors(self) -> None:
        bare = self._crate(None)
        cargo = self._cargo()
        cargo = _Answers(cargo.scratch, cargo.home, cargo.said, bare)
        with self.assertRaisesRegex(CrateError, "without a Cargo.lock"):
            fetch(cargo, self._asked(cargo), None)
        lock = pathlib.Path(self.create_tempfile(content="mine").full_path)
        members = fetch(cargo, self._asked(cargo), lock)
        self.assertEqual((members["crate"] / "Cargo.lock").read_text(), "mine")

    def test_a_lock_that_does_not_match_is_told_in_cargos_words(self) -> None:
        words = "Caused by:\n  checksum for `libc v0.2.190` changed between lock files\n"
        cargo = self._cargo(vendor=(101, "", words))
        with self.assertRaisesRegex(CrateError, "checksum for `libc v0.2.190` changed"):
            fetch(cargo, self._asked(cargo), None)


class CargoTest(absltest.TestCase):
    def test_the_root_may_lie_in_a_folder_of_any_name(self) -> None:
        root = pathlib.Path(self.create_tempdir("a root; $HOME's").full_path)
        loader = root / "usr/lib64/ld-linux-x86-64.so.2"
        loader.parent.mkdir(parents=True)
        loader.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
        loader.chmod(0o755)
        cargo = Cargo.of_root(root, pathlib.Path(self.create_tempdir().full_path))
        said = cargo.run("info", "a b").stdout.splitlines()
        libraries = str(root / "usr/lib/x86_64-linux-gnu")
        expected = ["--library-path", libraries, str(root / "usr/bin/cargo"), "info", "a b"]
        self.assertEqual(said, expected)


class ArchiveTest(absltest.TestCase):
    def _vendored(self) -> pathlib.Path:
        folder = pathlib.Path(self.create_tempdir().full_path, "windows-sys-0.61.2")
        (folder / "src").mkdir(parents=True)
        (folder / "src/lib.rs").write_text("pub mod win32;")
        (folder / "README.md").write_text("Windows")
        (folder / "Cargo.toml").write_text("[package]")
        sums = {"files": {"src/lib.rs": "00"}, "package": "11"}
        (folder / ".cargo-checksum.json").write_text(json.dumps(sums))
        return folder

    def test_of_a_crate_for_another_system_only_what_resolves_is_left(self) -> None:
        folder = self._vendored()
        hollow(folder)
        left = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
        self.assertEqual(left, {"src/lib.rs", "Cargo.toml", ".cargo-checksum.json"})
        self.assertEqual((folder / "src/lib.rs").read_bytes(), b"")
        sums = json.loads((folder / ".cargo-checksum.json").read_text())
        self.assertEqual(sums, {"files": {}, "package": "11"})

    def test_the_archive_follows_from_names_and_contents(self) -> None:
        digests = set()
        for when in (10, 2_000_000_000):
            folder = self._vendored()
            for path in folder.rglob("*"):
                os.utime(path, (when, when))
            out = folder.parent / "sources.tar"
            write_archive({"vendor": folder, "programs": folder / "README.md"}, out)
            digests.add(hashlib.sha256(out.read_bytes()).hexdigest())
            with tarfile.open(out) as archive:
                self.assertIn("vendor/src/lib.rs", archive.getnames())
                self.assertEqual({entry.mtime for entry in archive}, {1})
        self.assertLen(digests, 1)


if __name__ == "__main__":
    absltest.main()
