# SPDX-License-Identifier: Apache-2.0
"""Programs packed into archives of bytecode."""

import subprocess
import sys
import zipfile
from pathlib import Path

from absl.testing import absltest

from tools.python.archive import import_path, main, modules_of

_ROOTS = ["wheels/site"]


class ArchiveTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(self.create_tempdir().full_path)

    def test_imports_begin_at_a_repository_or_at_a_root_in_it(self) -> None:
        self.assertEqual(import_path("_main/ktstr/api.py", _ROOTS), "ktstr/api.py")
        self.assertEqual(import_path("wheels/site/google/x.py", _ROOTS), "google/x.py")
        self.assertEqual(import_path("wheels/sites/x.py", _ROOTS), "sites/x.py")
        self.assertEqual(import_path("a/b/c/x.py", ["a", "a/b", "a/b/c"]), "x.py")

    def test_packages_with_native_code_are_left_out(self) -> None:
        native = ["wheels/site/fast/_fast.abi3.so", "wheels/site/google/_upb/_message.abi3.so"]
        names = ["_main/ktstr/api.py", "wheels/site/fast/__init__.py", "wheels/site/fast/sub/x.py"]
        names += ["wheels/site/google/message.py", "wheels/site/faster/__init__.py"]
        found = modules_of({name: Path(name) for name in names}, _ROOTS, native)
        self.assertEqual(set(found), {"ktstr/api.py", "google/message.py", "faster/__init__.py"})

    def test_what_is_imported_is_bytecode_and_tracebacks_show_sources(self) -> None:
        archive = self._packed({"_main/pack/__init__.py": "", "_main/pack/fails.py": "1 / 0\n"})
        line = "import traceback\ntry: import pack.fails\nexcept Exception: traceback.print_exc()"
        run = self._python(archive, line)
        self.assertIn('File "<modules>/pack/fails.py", line 1, in <module>\n    1 / 0', run.stderr)
        with zipfile.ZipFile(archive) as read:
            # bit 0 of the flags: named by its source's hash; bit 1, which is not set: to be checked
            self.assertEqual(read.read("pack/fails.pyc")[4:8], bytes([1, 0, 0, 0]))

    def test_a_package_without_init_goes_on_in_a_directory(self) -> None:
        archive = self._packed({"wheels/site/google/packed.py": "WORD = 'packed'\n"})
        loose = self.folder / "site/google/loose.py"
        loose.parent.mkdir(parents=True)
        loose.write_text("WORD = 'loose'\n")
        line = "from google import loose, packed; print(packed.WORD, loose.WORD)"
        run = self._python(archive, f"sys.path.append({str(self.folder / 'site')!r}); {line}")
        self.assertEqual(run.stdout, "packed loose\n", run.stderr)

    def test_packages_with_native_code_are_files_whose_bytecode_is_used(self) -> None:
        sources = {
            "_main/pack/__init__.py": "",
            "wheels/site/fast/__init__.py": "WORD = 'native'\n",
        }
        archive = self._packed(sources | {"wheels/site/fast/_fast.abi3.so": "machine code"})
        native = archive.with_suffix(".native")
        self.assertEqual((native / "fast/_fast.abi3.so").read_text(), "machine code")
        self.assertFalse((native / "pack").exists())
        line = f"sys.path.append({str(native)!r}); import fast, pack; print(fast.WORD)"
        self.assertEqual(self._python(archive, line).stdout, "native\n")
        # bytecode that is not to be checked stands for the source
        (native / "fast/__init__.py").write_text("WORD = 'compiled again'\n")
        self.assertEqual(self._python(archive, line).stdout, "native\n")

    def test_the_bytes_follow_from_the_sources(self) -> None:
        sources = {"_main/pack/a.py": "X = {'a', 'b', 'c'}\n", "_main/pack/b.py": "Y = 1\n"}
        first = self._packed(sources, "one/modules.zip")
        again = self._packed(dict(reversed(sources.items())), "two/modules.zip")
        self.assertEqual(first.read_bytes(), again.read_bytes())

    def test_a_source_that_is_no_python_fails(self) -> None:
        with self.assertRaises(SyntaxError) as caught:
            self._packed({"_main/pack/a.py": "X = 0\n1 +* 2\n"})
        self.assertEqual(
            (caught.exception.filename, caught.exception.lineno), ("<modules>/pack/a.py", 2)
        )

    def _packed(self, sources: dict[str, str], name: str = "modules.zip") -> Path:
        target = self.folder / name
        target.parent.mkdir(exist_ok=True)
        arguments = [f"--output={target}", f"--directory={target.with_suffix('.native')}"]
        arguments += [f"--root={root}" for root in _ROOTS]
        for path, text in sources.items():
            file = self.folder / "sources" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            option = "module" if file.suffix == ".py" else "native"
            arguments.append(f"--{option}={path}={file}")
        self.assertEqual(main(arguments), 0)
        return target

    def _python(self, archive: Path, line: str) -> subprocess.CompletedProcess[str]:
        line = f"import sys; sys.path.insert(0, {str(archive)!r}); {line}"
        return subprocess.run(
            [sys.executable, "-I", "-c", line], text=True, capture_output=True, check=False
        )


if __name__ == "__main__":
    absltest.main()
