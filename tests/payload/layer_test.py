# SPDX-License-Identifier: Apache-2.0
"""What the layers of payloads hold, and what cannot become one."""

import json
import posixpath
import stat
from pathlib import Path
from typing import Any

from absl import flags
from absl.testing import absltest, parameterized

from ktstr.initramfs import newc
from ktstr.model.errors import UsageError
from tools.initramfs import elf
from tools.payload import layer

_ROOT = flags.DEFINE_string("root", None, "The root of payloads.", required=True)
_LAYERS = flags.DEFINE_multi_string("layer", [], "In-tree payloads' layers.")
_AGAIN = flags.DEFINE_multi_string("again", [], "Two layers that must be the same.")

_PAYLOAD: dict[str, Any] = {
    "default_args": [],
    "default_checks": [],
    "known_flags": None,
    "metrics": [],
    "name": "x",
    "output": "exit_code",
    "path": ["/payloads/x/bin"],
    "patterns": None,
    "program": "/payloads/x/bin/x",
    "record_key": [],
    "repeats": "all",
    "uses_parent_pgrp": False,
}


def _entries(path: str) -> dict[str, newc.Entry]:
    return {entry.path: entry for entry in newc.read_layers(Path(path).read_bytes())}


class InTreeTest(absltest.TestCase):
    def test_everything_that_a_program_loads_is_inside(self) -> None:
        """By the rules of ld.so, on the layer alone."""
        file = Path(self.create_tempdir().full_path, "object")
        for path in _LAYERS.value:
            entries = _entries(path)
            for name, entry in entries.items():
                if not entry.data().startswith(elf.MAGIC):
                    continue
                file.write_bytes(entry.data())
                wants = elf.linkage(file)
                folders = ["usr/lib/x86_64-linux-gnu"]
                for each in wants.runpath:
                    origin = "/" + posixpath.dirname(name)
                    folders.append(posixpath.normpath(each.replace("$ORIGIN", origin)).strip("/"))
                for library in wants.needed:
                    places = [f"{folder}/{library}" for folder in folders]
                    self.assertTrue(any(each in entries for each in places), f"{name}: {library}")
                if wants.interpreter:
                    self.assertIn(wants.interpreter[1:], entries)

    def test_nothing_else_of_the_root_is_inside(self) -> None:
        for path in _LAYERS.value:
            for name, entry in _entries(path).items():
                if stat.S_ISREG(entry.mode):
                    self.assertTrue(name.startswith("payloads/") or ".so" in name, name)

    def test_a_layer_is_the_same_when_built_again(self) -> None:
        one, other = (Path(each).read_bytes() for each in _AGAIN.value)
        self.assertTrue(one == other, "two builds of the same layer differ")


class WriteTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(_ROOT.value).absolute()
        self.folder = Path(self.create_tempdir().full_path)

    def _file(self, name: str, content: bytes, *, mode: int = 0o755) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(mode)
        return path

    def _item(self, path: str, source: Path) -> dict[str, str]:
        return {"path": path, "source": str(source), "origin": f"//t:{source.name}"}

    def _write(self, *items: dict[str, str], **manifest: Any) -> dict[str, newc.Entry]:
        """Writes a payload of these items on a guest that has /bin/sh and a libc of its own."""
        guest = self.folder / "guest.cpio"
        with guest.open("wb") as file:
            newc.write_layer(
                [
                    newc.symlink("bin/sh", "busybox"),
                    newc.file("usr/lib/x86_64-linux-gnu/libguest.so", b"the guest's"),
                ],
                file,
            )
        whole = {"label": "//t:x", "libraries": [], "payload": _PAYLOAD, "items": items} | manifest
        output = self.folder / "x.cpio"
        layer.write(whole, self.root, "@root", guest, output)
        return _entries(str(output))

    def _script(self, text: str, mode: int = 0o755) -> dict[str, str]:
        return self._item("/payloads/x/bin/x", self._file("x.sh", text.encode(), mode=mode))

    def test_a_program_of_the_root_comes_with_its_libraries(self) -> None:
        item = {"path": _PAYLOAD["program"], "in_root": "usr/bin/hackbench", "origin": "hackbench"}
        entries = self._write(item)
        self.assertEqual(stat.filemode(entries["payloads/x/bin/x"].mode), "-rwxr-xr-x")
        self.assertIn("usr/lib/x86_64-linux-gnu/libc.so.6", entries)
        self.assertIn("lib64/ld-linux-x86-64.so.2", entries)

    def test_libraries_that_a_program_opens_itself_come_with_theirs(self) -> None:
        entries = self._write(self._script("#!/bin/sh\n"), libraries=["libnuma.so.1"])
        self.assertIn("usr/lib/x86_64-linux-gnu/libnuma.so.1", entries)
        self.assertIn("usr/lib/x86_64-linux-gnu/libc.so.6", entries)

    def test_files_bring_their_libraries_too(self) -> None:
        tool = self._item("/opt/tool", self.root / "usr/bin/cyclictest")
        self.assertIn(
            "usr/lib/x86_64-linux-gnu/libnuma.so.1",
            self._write(self._script("#!/bin/sh\n"), tool),
        )

    def test_a_library_is_found_among_the_payloads_own_files(self) -> None:
        """A program's libraries in default directories may come along as files."""
        own = self._file("libnuma.so.1", (self.root / "usr/bin/hackbench").read_bytes())
        entries = self._write(
            self._item("/payloads/x/bin/x", self.root / "usr/bin/cyclictest"),
            self._item("/usr/lib/x86_64-linux-gnu/libnuma.so.1", own),
        )
        found = entries["usr/lib/x86_64-linux-gnu/libnuma.so.1"]
        self.assertEqual(found.data(), own.read_bytes())

    def test_directories_are_walked(self) -> None:
        self._file("tree/a", b"a", mode=0o755)
        self._file("tree/below/b", b"#!/bin/sh\n", mode=0o644)
        entries = self._write(
            self._script("#!/bin/sh\n"), self._item("/payloads/x/tree", self.folder / "tree")
        )
        modes = {
            name: stat.filemode(entry.mode)
            for name, entry in entries.items()
            if "/tree/" in name and stat.S_ISREG(entry.mode)
        }
        self.assertEqual(
            modes,
            {"payloads/x/tree/a": "-rw-r--r--", "payloads/x/tree/below/b": "-rwxr-xr-x"},
        )

    def test_a_program_without_its_executable_bit_gets_it(self) -> None:
        entries = self._write(self._script("#!/bin/sh\n", mode=0o644))
        self.assertEqual(stat.filemode(entries["payloads/x/bin/x"].mode), "-rwxr-xr-x")

    def test_an_interpreter_among_the_files_will_do(self) -> None:
        interpreter = self._item("/opt/lua", self._file("lua", b"#!/bin/sh\n"))
        self._write(self._script("#!/opt/lua\n"), interpreter)

    def test_a_missing_interpreter_is_named_with_its_script(self) -> None:
        with self.assertRaisesRegex(
            UsageError,
            r"the script //t:x\.sh wants the interpreter /bin/bash, which the guest .*`files`",
        ):
            self._write(self._script("#!/bin/bash\n"))

    def test_a_script_that_is_data_needs_no_interpreter(self) -> None:
        data = self._file("data", b"#!/nowhere\n")
        self._write(self._script("#!/bin/sh\n"), self._item("/opt/data", data))

    def test_a_helper_on_the_path_needs_its_interpreter(self) -> None:
        helper = self._item("/payloads/x/bin/help", self._file("help", b"#!/nowhere\n"))
        with self.assertRaisesRegex(UsageError, "the script //t:help wants the interpreter /now"):
            self._write(self._script("#!/bin/sh\n"), helper)

    def test_modes_of_the_host_do_not_show(self) -> None:
        layers = []
        for mode in (0o755, 0o444):
            script = self._script("#!/bin/sh\n", mode=mode)
            data = self._item("/opt/data", self._file("data", b"data", mode=mode))
            tool = self._item("/opt/tool", self._file("tool", b"#!/bin/sh\n", mode=mode))
            self._write(script, data, tool)
            layers.append((self.folder / "x.cpio").read_bytes())
            for name in ("x.sh", "data", "tool"):
                (self.folder / name).chmod(0o755)
        self.assertEqual(*layers)

    @parameterized.named_parameters(
        (
            "text",
            b"echo\n",
            r"//t:x\.sh is neither an ELF file nor a script: .* b'echo",
        ),
        ("empty", b"", "is neither an ELF file nor a script"),
        ("damaged", b"\x7fELF\x02\x01", "is no ELF file"),
    )
    def test_what_cannot_be_executed_is_refused(self, content: bytes, message: str) -> None:
        program = self._item("/payloads/x/bin/x", self._file("x.sh", content))
        with self.assertRaisesRegex(UsageError, message):
            self._write(program)

    def test_a_directory_is_no_program(self) -> None:
        self._file("tree/x", b"#!/bin/sh\n")
        with self.assertRaisesRegex(UsageError, "program /payloads/x/bin/x is a directory; name "):
            self._write(self._item("/payloads/x/bin/x", self.folder / "tree"))

    def test_a_program_for_another_machine_is_refused(self) -> None:
        content = bytearray((self.root / "usr/bin/hackbench").read_bytes())
        content[18:20] = (183).to_bytes(2, "little")  # e_machine: EM_AARCH64
        program = self._item("/payloads/x/bin/x", self._file("x", bytes(content)))
        with self.assertRaisesRegex(UsageError, "is for EM_AARCH64; the guest is EM_X86_64"):
            self._write(program)

    def test_a_program_that_the_root_lacks_is_named_with_those_near(self) -> None:
        item = {"path": _PAYLOAD["program"], "in_root": "usr/bin/hakbench", "origin": "it"}
        with self.assertRaisesRegex(UsageError, "it is no file of the root; near it: hackbench"):
            self._write(item)

    def test_a_library_that_the_root_lacks_is_named_with_who_needs_it(self) -> None:
        (self.folder / "empty").mkdir()
        program = self._item("/payloads/x/bin/x", self.root / "usr/bin/hackbench")
        self.root = self.folder / "empty"
        with self.assertRaisesRegex(UsageError, r"hackbench needs libc\.so\.6, which is in none"):
            self._write(program)
        with self.assertRaisesRegex(UsageError, r"payload's `libraries` needs libnone\.so"):
            self._write(self._script("#!/bin/sh\n"), libraries=["libnone.so"])

    def test_a_loader_that_the_root_lacks_is_named(self) -> None:
        content = (self.root / "usr/bin/hackbench").read_bytes()
        content = content.replace(
            b"/lib64/ld-linux-x86-64.so.2\0", b"/lib/ld-musl-x86_64.so.1\0\0\0\0"
        )
        program = self._item("/payloads/x/bin/x", self._file("x", content))
        with self.assertRaisesRegex(UsageError, r"asks for the loader /lib/ld-musl-x86_64\.so\.1"):
            self._write(program)

    def test_one_path_from_two_files_is_refused_naming_both(self) -> None:
        items = [self._item("/opt/data", self._file(name, name.encode())) for name in ("a", "b")]
        with self.assertRaisesRegex(
            UsageError, r"/opt/data would come from two different files: //t:a and //t:b"
        ):
            self._write(self._script("#!/bin/sh\n"), *items)

    def test_a_path_below_another_file_is_refused_naming_both(self) -> None:
        below, above = self._file("b", b"b"), self._file("a", b"a")
        for paths in (("/opt/a/b", "/opt/a"), ("/payloads/x/bin/x/data", "/opt/a")):
            items = [
                self._item(path, file) for path, file in zip(paths, (below, above), strict=True)
            ]
            with self.assertRaisesRegex(
                UsageError, rf"{paths[0]} of the guest \(//t:b\) would lie below .*a file \(//t:"
            ):
                self._write(self._script("#!/bin/sh\n"), *items)

    def test_one_path_from_two_equal_files_is_harmless(self) -> None:
        items = [self._item("/opt/data", self._file(name, b"same")) for name in ("a", "b")]
        self.assertIn("opt/data", self._write(self._script("#!/bin/sh\n"), *items))

    def test_a_file_of_the_guest_is_not_overwritten(self) -> None:
        path = "/usr/lib/x86_64-linux-gnu/libguest.so"
        with self.assertRaisesRegex(
            UsageError,
            rf"{path} of the guest .* \(the guest's own\) and //t:other, mode 100644 \(//t:x\)",
        ):
            self._write(
                self._script("#!/bin/sh\n"), self._item(path, self._file("other", b"other"))
            )

    def test_a_bad_pattern_is_told_when_the_layer_is_built(self) -> None:
        payload = _PAYLOAD | {"output": "regex", "patterns": {"time": "Time: ("}}
        with self.assertRaisesRegex(UsageError, "the pattern of 'time'"):
            self._write(self._script("#!/bin/sh\n"), payload=payload)

    def test_the_program_names_the_target_that_is_wrong(self) -> None:
        manifest = self.folder / "manifest.json"
        manifest.write_text(
            json.dumps({"label": "//t:x", "payload": {}, "items": [], "libraries": []})
        )
        words = [f"--{name}={manifest}" for name in ("manifest", "guest", "output", "index")]
        self.assertEqual(layer.main([*words, "--root=/", "--root-name=@root"]), 1)


if __name__ == "__main__":
    absltest.main()
