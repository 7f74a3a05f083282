# SPDX-License-Identifier: Apache-2.0
"""Which machines a QEMU tree is of, and what is said of one that is not whole."""

from pathlib import Path

from absl.testing import absltest, parameterized

from ktstr.model.errors import InfraError
from ktstr.vm.qemu import Arch, QemuTree

_ALL = ("lib/ld-linux-x86-64.so.2", "bin/qemu-img", "lib/turns.so")
_X86_64 = ("bin/qemu-system-x86_64", "share/qboot.rom")
_ARM64 = ("bin/qemu-system-aarch64",)


class QemuTreeTest(parameterized.TestCase):
    def _tree(self, *names: str) -> Path:
        root = Path(self.create_tempdir().full_path)
        for name in names:
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).touch()
        return root

    @parameterized.parameters((Arch.X86_64, _X86_64), (Arch.ARM64, _ARM64))
    def test_a_tree_is_of_the_machines_of_its_program(
        self, arch: Arch, own: tuple[str, ...]
    ) -> None:
        tree = QemuTree.at(self._tree(*_ALL, *own))
        self.assertIs(tree.arch, arch)
        self.assertEqual(tree.program, tree.root / own[0])
        self.assertIn(str(tree.program), tree.command())

    @parameterized.parameters(
        *((_X86_64, lacks) for lacks in (*_ALL, *_X86_64)), *((_ARM64, lacks) for lacks in _ALL)
    )
    def test_what_lacks_is_named(self, own: tuple[str, ...], lacks: str) -> None:
        names = {*_ALL, *own} - {lacks}
        with self.assertRaisesRegex(InfraError, f"lacks {lacks}; expected the output of //tools"):
            QemuTree.at(self._tree(*names))

    def test_device_trees_are_of_a_number_of_cpus(self) -> None:
        tree = QemuTree.at(self._tree(*_ALL, *_ARM64))
        self.assertEqual(tree.device_tree(8), tree.root / "share" / "virt-8.dtb")


if __name__ == "__main__":
    absltest.main()
