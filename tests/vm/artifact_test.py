# SPDX-License-Identifier: Apache-2.0
"""The files of a template: written the same from the same guest, and any damage noticed."""

import json
import os
from pathlib import Path

from absl.testing import absltest, parameterized

from ktstr.vm.artifact import read_artifact, write_artifact
from ktstr.vm.save import SavedTemplate
from ktstr.vm.saved.template import Template, TemplateError

_NODE_BYTES = 1 << 20


class ArtifactTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(self.create_tempdir().full_path)
        (self.folder / "state").write_bytes(b"the state")
        (self.folder / "console").write_bytes(b"it boots")
        memory = []
        for node in range(2):
            fd = os.memfd_create("node")
            os.truncate(fd, _NODE_BYTES)
            os.pwrite(fd, f"node {node}".encode(), 8192)
            memory.append(fd)
        template = Template(
            digest="d",
            machine="m",
            state=self.folder / "state",
            memory=tuple(f"/proc/self/fd/{fd}" for fd in memory),
            console=self.folder / "console",
        )
        self.saved = SavedTemplate(template, tuple(memory), b"hello", 1.5)
        self.addCleanup(self.saved.close)
        self.path = self.folder / "artifact"
        write_artifact(self.saved, self.path)

    def _files(self, folder: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    def test_comes_back(self) -> None:
        artifact = read_artifact(self.path)
        self.assertEqual(artifact.sizes, (_NODE_BYTES,) * 2)
        paths = []
        for node in range(2):
            path = self.folder / f"inflated{node}"
            with path.open("wb") as file:
                artifact.inflate(node, file.fileno())
            paths.append(str(path))
            expected = bytes(8192) + f"node {node}".encode()
            self.assertEqual(path.read_bytes(), expected.ljust(_NODE_BYTES, b"\0"))
        template = artifact.template(paths)
        self.assertEqual(template.machine, "m")
        self.assertEqual(template.state.read_bytes(), b"the state")
        self.assertEqual(template.console.read_bytes(), b"it boots")
        self.assertEqual(template.memory, tuple(paths))
        self.assertEqual(template.digest, artifact.digest)

    def test_same_guest_gives_the_same_files(self) -> None:
        write_artifact(self.saved, self.folder / "other")
        self.assertEqual(self._files(self.path), self._files(self.folder / "other"))
        names = {"manifest.json", "state", "console.log", "ram0.zst", "ram1.zst"}
        self.assertEqual(set(self._files(self.path)), names)

    @parameterized.parameters("manifest.json", "state", "console.log", "ram1.zst")
    def test_missing_and_cut_short(self, name: str) -> None:
        path = self.path / name
        path.write_bytes(path.read_bytes()[:-2])
        with self.assertRaisesRegex(TemplateError, name):
            read_artifact(self.path)
        path.unlink()
        with self.assertRaisesRegex(TemplateError, name):
            read_artifact(self.path)

    @parameterized.parameters("state", "console.log")
    def test_altered(self, name: str) -> None:
        path = self.path / name
        path.write_bytes(path.read_bytes().swapcase())
        with self.assertRaisesRegex(TemplateError, f"{name} was altered: its sha256"):
            read_artifact(self.path)

    def test_altered_memory_is_noticed_when_it_is_inflated(self) -> None:
        path = self.path / "ram0.zst"
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
        artifact = read_artifact(self.path)
        with (
            self.assertRaisesRegex(TemplateError, r"ram0\.zst was altered"),
            (self.folder / "inflated").open("wb") as file,
        ):
            artifact.inflate(0, file.fileno())

    @parameterized.parameters(
        ({"format": 99}, "its format is 99"),
        ({"files": {}}, "it names"),
        ({"sizes": [4096]}, "it names"),
        ({"sizes": None}, "no manifest of format 2"),
        ({"files": [1]}, "no manifest of format 2"),
        ({"machine": None, "sizes": 3}, "no manifest of format 2"),
    )
    def test_other_manifest(self, change: dict[str, object], message: str) -> None:
        path = self.path / "manifest.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | change))
        with self.assertRaisesRegex(TemplateError, message):
            read_artifact(self.path)

    @parameterized.parameters("", "[]", "3", "{}", "\udc80")
    def test_no_manifest(self, text: str) -> None:
        (self.path / "manifest.json").write_text(text, errors="surrogateescape")
        with self.assertRaisesRegex(TemplateError, r"manifest\.json is no manifest"):
            read_artifact(self.path)

    def test_other_size_of_memory(self) -> None:
        path = self.path / "manifest.json"
        manifest = json.loads(path.read_text()) | {"sizes": [4096, _NODE_BYTES]}
        path.write_text(json.dumps(manifest))
        with (
            self.assertRaisesRegex(TemplateError, "1048576 bytes of RAM, the manifest says 4096"),
            (self.folder / "inflated").open("wb") as file,
        ):
            read_artifact(self.path).inflate(0, file.fileno())

    def test_full_disk(self) -> None:
        (self.folder / "file").write_bytes(b"")
        with self.assertRaisesRegex(TemplateError, "cannot write the template .*/file"):
            write_artifact(self.saved, self.folder / "file")


if __name__ == "__main__":
    absltest.main()
