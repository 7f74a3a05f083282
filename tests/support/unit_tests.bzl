# SPDX-License-Identifier: Apache-2.0
"""`unit_tests`: tests of one file each, that need the same."""

load("@rules_python//python:py_test.bzl", "py_test")

visibility("//tests/...")

def unit_tests(names, deps, size = "small", **kwargs):
    """A py_test for each name, of the file NAME.py.

    Args:
      names: of the tests, and of their files without the suffix.
      deps: what all of them import, besides absl.
      size: of each.
      **kwargs: what else they have in common.
    """
    for name in names:
        py_test(
            name = name,
            size = size,
            srcs = [name + ".py"],
            deps = deps + ["@pypi//:absl_py"],
            **kwargs
        )
