# SPDX-License-Identifier: Apache-2.0
"""Tests of the linter of source directories among runfiles."""

from absl.testing import absltest, parameterized

from tools.lint import directories

_HEAD = 'py_test(\n    name = "a",\n'


class DirectoriesTest(parameterized.TestCase):
    def test_a_directory_in_the_data_of_a_test_is_found(self) -> None:
        text = f'load(":a.bzl", "b")\n{_HEAD}    data = [":b"] + ["@debian_root//:root"],\n)\n'
        (found,) = directories.check("x/BUILD.bazel", text)
        self.assertStartsWith(
            found, "x/BUILD.bazel:2: @debian_root//:root among data arrives empty"
        )

    def test_one_in_a_comprehension_is_found(self) -> None:
        text = f'[{_HEAD}    data = ["@debian_payloads//:root"],\n) for name in ["a"]]\n'
        self.assertLen(list(directories.check("BUILD.bazel", text)), 1)

    @parameterized.parameters(
        '    data = ["@debian_root//:root"],\n    tags = ["no-remote-exec"],\n)\n',
        '    data = [":root"],\n    env = {"ROOT": "@debian_root//:root"},\n)\n',
    )
    def test_nothing_is_found(self, rest: str) -> None:
        self.assertEmpty(list(directories.check("BUILD.bazel", _HEAD + rest)))

    def test_actions_may_read_them(self) -> None:
        text = 'genrule(\n    name = "a",\n    srcs = ["@debian_root//:root"],\n)\n'
        self.assertEmpty(list(directories.check("BUILD.bazel", text)))


if __name__ == "__main__":
    absltest.main()
