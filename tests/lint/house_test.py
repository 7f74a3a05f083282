# SPDX-License-Identifier: Apache-2.0
"""The house's rules find what they forbid, and nothing else."""

from absl.testing import absltest, parameterized

from tools.lint import house

_HEADER = "# SPDX-License-Identifier: Apache-2.0\n"


class HouseTest(parameterized.TestCase):
    def findings(self, name: str, text: str) -> list[str]:
        return list(house.check(name, text))

    def test_a_clean_file_has_no_findings(self) -> None:
        self.assertEmpty(self.findings("a.py", _HEADER + "x = 1\n"))

    @parameterized.parameters("a.py", "BUILD.bazel", "a.sh", "a.c", "a.proto")
    def test_a_licence_is_asked_for(self, name: str) -> None:
        (finding,) = self.findings(name, "x = 1\n")
        self.assertStartsWith(finding, f"{name}:1: no licence")

    def test_bpf_programs_are_gpl(self) -> None:
        self.assertLen(self.findings("a.bpf.c", "// SPDX-License-Identifier: Apache-2.0\n"), 1)
        self.assertEmpty(self.findings("a.bpf.c", "// SPDX-License-Identifier: GPL-2.0\n"))

    def test_the_plugin_of_qemu_is_gpl_or_later(self) -> None:
        name = "tools/qemu/probes/a.c"
        self.assertEmpty(self.findings(name, "// SPDX-License-Identifier: GPL-2.0-or-later\n"))
        (finding,) = self.findings(name, "// SPDX-License-Identifier: GPL-2.0\n")
        self.assertIn("expected GPL-2.0-or-later", finding)

    @parameterized.parameters("README.md", "a.json", ".bazelversion")
    def test_some_files_have_no_place_for_a_header(self, name: str) -> None:
        self.assertEmpty(self.findings(name, "7.7.1\n"))

    @parameterized.parameters("pypi" + ".org", "deb" + ".debian.org", "registry" + ".npmjs.org")
    def test_hosts_of_registries_are_found(self, host: str) -> None:
        (finding,) = self.findings("a.md", f"one\nsee {host}/x\n")
        self.assertStartsWith(finding, "a.md:2: names the host")

    @parameterized.parameters("/ro" + "ot/x", "/ho" + "me/me/x", "/wor" + "k/tmp")
    def test_paths_of_a_machine_are_found(self, path: str) -> None:
        (finding,) = self.findings("a.md", f"see {path}\n")
        self.assertStartsWith(finding, "a.md:1: names")

    @parameterized.parameters("//pkg/root/x", "debian_root/root/usr", "/home")
    def test_other_paths_are_not(self, path: str) -> None:
        self.assertEmpty(self.findings("a.md", f"see {path}\n"))

    def test_long_files_are_found(self) -> None:
        (finding,) = self.findings("a.py", _HEADER + "x = 1\n" * 400)
        self.assertStartsWith(finding, "a.py:1: 401 lines")
        self.assertEmpty(self.findings("a.py", _HEADER + "x = 1\n" * 399))

    def test_a_private_file_says_who_may_load_it(self) -> None:
        call = 'visibility(["//rules"])\n'
        (finding,) = self.findings("rules/private/disk/a.bzl", f"{_HEADER}# {call}")
        self.assertStartsWith(finding, "rules/private/disk/a.bzl:1: does not say who may load it")
        self.assertEmpty(self.findings("rules/private/disk/a.bzl", _HEADER + call))

    @parameterized.parameters("rules/a.bzl", "rules/private/disk/BUILD.bazel", "tests/a.bzl")
    def test_other_files_are_for_everybody(self, name: str) -> None:
        self.assertEmpty(self.findings(name, _HEADER))

    def test_a_crowded_room_is_found(self) -> None:
        disk = [f"rules/private/disk/{i}.bzl" for i in range(20)]
        build = ["rules/private/disk/BUILD.bazel"]
        inner = [f"rules/private/disk/inner/{i}.bzl" for i in range(20)]
        public = [f"rules/{i}.bzl" for i in range(21)]
        self.assertEmpty(list(house.check_rooms(disk + build + inner + public)))
        (finding,) = house.check_rooms([*disk, "rules/private/disk/one_more.bzl"])
        self.assertStartsWith(finding, "rules/private/disk: 21 files side by side")

    def test_files_in_no_room_are_counted_together(self) -> None:
        (finding,) = house.check_rooms([f"rules/private/{i}.bzl" for i in range(21)])
        self.assertStartsWith(finding, "rules/private: 21 files")


if __name__ == "__main__":
    absltest.main()
