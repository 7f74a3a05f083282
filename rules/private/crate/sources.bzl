# SPDX-License-Identifier: Apache-2.0
"""Repository rules: a scheduler's crate with all that its Cargo.lock names, and the index of them."""

load("//third_party:host_interpreter.bzl", "find_host_python")

visibility("private")

# Some 250 downloads where the machine has none of them yet.
_TIMEOUT_SECONDS = 1800

_TOOLS = [
    Label("//tools/crates:fetch.py"),
    Label("//tools/crates:words.py"),
]

_BUILD = """\
# SPDX-License-Identifier: Apache-2.0
package(default_visibility = ["//visibility:public"])

exports_files(["sources.tar"])
"""

def _crate_sources_impl(rctx):
    for tool in _TOOLS:
        rctx.watch(tool)
    crate, version = rctx.attr.crate, rctx.attr.version
    rctx.report_progress("fetching {} {} and what its lock names".format(crate, version))

    # A file of the root stands for it: a directory has no label that a repository rule may resolve.
    root = rctx.path(rctx.attr._root_files).dirname
    command = [
        find_host_python(rctx).path,
        "-I",
        "-B",
        rctx.path(_TOOLS[0]),
        "--root",
        root,
        "--crate",
        crate,
        "--version",
        version,
        "--sha256",
        rctx.attr.sha256,
        "--out",
        "sources.tar",
    ]
    if rctx.attr.lock:
        rctx.watch(rctx.attr.lock)
        command += ["--lock", rctx.path(rctx.attr.lock)]
    result = rctx.execute(command, timeout = _TIMEOUT_SECONDS)
    if result.return_code:
        fail("@crates//:{}-{}: {}".format(crate, version, result.stderr.strip()))
    rctx.file("BUILD.bazel", _BUILD, executable = False)

crate_sources = repository_rule(
    implementation = _crate_sources_impl,
    doc = "Fetches a crate and all that its Cargo.lock names, with the Debian root's cargo, into `sources.tar`.",
    # registry and proxies come from its configuration, and what it has is not fetched again
    environ = ["CARGO_HOME"],
    attrs = {
        "crate": attr.string(mandatory = True, doc = "The crate's name."),
        "lock": attr.label(allow_single_file = True, doc = "A Cargo.lock in place of the crate's own."),
        "sha256": attr.string(mandatory = True, doc = "The digest of its .crate file."),
        "version": attr.string(mandatory = True, doc = "Its version."),
        "_root_files": attr.label(default = "@debian_rust//:root/files.txt"),
    },
)

_ALIAS = """
alias(
    name = "{name}",
    actual = "@{repository}//:sources.tar",
)
"""

def _crate_hub_impl(rctx):
    text = "# SPDX-License-Identifier: Apache-2.0\npackage(default_visibility = [\"//visibility:public\"])\n"
    for name, repository in rctx.attr.repositories.items():
        text += _ALIAS.format(name = name, repository = repository)
    rctx.file("BUILD.bazel", text, executable = False)

crate_hub = repository_rule(
    implementation = _crate_hub_impl,
    doc = "One target CRATE-VERSION for each release that was declared; none is fetched before it is used.",
    attrs = {"repositories": attr.string_dict(doc = "CRATE-VERSION -> its repository.")},
)
