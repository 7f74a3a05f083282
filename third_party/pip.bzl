# SPDX-License-Identifier: Apache-2.0
"""Module extension `pip`: wheels of a hash lock, one `py_library` per distribution.

    pip.install(name = "pypi", lock = "//third_party:requirements.lock.txt")

gives `@pypi//:psutil` (names in lower case, with underscores), `@pypi//:bin/NAME` for a distribution's programs
and `@pypi//:site/...` for single files. rules_python's own `pip.parse` takes other attributes in every
generation (`name` in 0.22, `hub_name` in 1.x); this one is the same with all of them. Package index and
proxies are those of the machine's pip configuration.
"""

load("//third_party:host_interpreter.bzl", "find_host_python")

_TIMEOUT_SECONDS = 900

# The Python of //tools/python, on which wheels are imported. The machine's own runs pip alone.
_PYTHON = "3.13"

# What that Python's C library runs, each generation by its name (PEP 600): pip takes just what is named.
_PLATFORMS = ["manylinux_2_%d_x86_64" % minor for minor in range(41, 4, -1)] + [
    "manylinux2014_x86_64",
    "manylinux2010_x86_64",
    "manylinux1_x86_64",
    "linux_x86_64",
]

# A wheel of pip to run, for a python3 without pip; tools/bazel sets it.
_WHEEL_VARIABLE = "KTSTR_PIP"

def _wheels_impl(rctx):
    python = find_host_python(rctx).path
    wheel = rctx.getenv(_WHEEL_VARIABLE)
    rctx.watch(rctx.attr.lock)
    rctx.report_progress("pip install of " + str(rctx.attr.lock))
    _run(
        rctx,
        [
            python,
        ] + ([wheel + "/pip"] if wheel else ["-m", "pip"]) + [
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-compile",
            "--no-deps",
            "--only-binary=:all:",
            "--implementation=cp",
            "--python-version=" + _PYTHON,
            "--require-hashes",
            "--target=site",
            "--requirement",
            str(rctx.path(rctx.attr.lock)),
        ] + ["--platform=" + each for each in _PLATFORMS],
    )
    _run(rctx, [python, "-I", str(rctx.path(rctx.attr._writer))] + rctx.attr.leave_out)

def _run(rctx, command):
    result = rctx.execute(command, timeout = _TIMEOUT_SECONDS)
    if result.return_code:
        fail("@{}: wheels of {} could not be installed with {} (exit code {}):\n{}{}\n{}".format(
            rctx.original_name if hasattr(rctx, "original_name") else rctx.name,
            rctx.attr.lock,
            command[0],
            result.return_code,
            result.stdout,
            result.stderr,
            "No module named pip: on Debian, apt-get install python3-pip." if "No module named pip" in result.stderr else "Check pip's own configuration with: python3 -m pip config list",
        ))

_wheels = repository_rule(
    implementation = _wheels_impl,
    environ = ["PATH", _WHEEL_VARIABLE],
    attrs = {
        "leave_out": attr.string_list(),
        "lock": attr.label(mandatory = True, allow_single_file = True),
        "_writer": attr.label(default = "//third_party/private:write_wheels_build.py"),
    },
)

def _pip_impl(mctx):
    for module in mctx.modules:
        for tag in module.tags.install:
            _wheels(name = tag.name, leave_out = tag.leave_out, lock = tag.lock)
    return mctx.extension_metadata(reproducible = True)

pip = module_extension(
    implementation = _pip_impl,
    tag_classes = {
        "install": tag_class(
            attrs = {
                "leave_out": attr.string_list(doc = "patterns of files in site/ that nobody needs"),
                "lock": attr.label(mandatory = True, doc = "requirements file with a hash for every wheel"),
                "name": attr.string(mandatory = True, doc = "name of the repository"),
            },
        ),
    },
)
