# SPDX-License-Identifier: Apache-2.0
"""`lint_test`: one linter over all sources of some kinds."""

load("@rules_python//python:py_test.bzl", "py_test")

def lint_test(name, kinds, program = None, data = [], deps = [], **kwargs):
    """A test that runs the linter NAME (a function of run.py) over the repository's sources.

    Args:
      name: the linter.
      kinds: filegroups of @lint_sources that it reads.
      program: its program, when it is no Python module.
      data: further files, laid into the tree of sources by their path in the repository.
      deps: Python libraries that the linter is, or that the sources import.
      **kwargs: further attributes of the test.
    """
    programs = [program] if program else []
    py_test(
        name = name,
        size = "medium",
        srcs = ["run.py"],
        main = "run.py",
        args = [name] + ["$(rlocationpath {})".format(p) for p in programs],
        data = programs + data + ["@lint_sources//:settings"] + ["@lint_sources//:" + k for k in kinds],
        deps = deps + [":house_rules", "@pypi//:bazel_runfiles"],
        **kwargs
    )
