# SPDX-License-Identifier: Apache-2.0
"""Module extension `buildifier`: the program, out of its npm package, where npm is at hand."""

_PACKAGE = "@bazel/buildifier"
_VERSION = "8.2.1"

# npm's own digest of the package's archive.
_SHA512 = "799fc0abedabe0f7096ba2db3c24fa7df80825f4d4fe062296a233a17d8e2cce273646d00bab5330f64d9fb6871e38463f16cd2efe35ce6e17aadd689422e05f"

_BUILD = """\
exports_files(["buildifier"])

constraint_setting(name = "origin")

constraint_value(
    name = "npm_is_on_path",
    constraint_setting = ":origin",
    visibility = ["//visibility:public"],
)
"""

def _buildifier_impl(rctx):
    npm = rctx.which("npm")
    rctx.file("BUILD.bazel", _BUILD)
    if not npm:
        # An incompatible target is skipped, and Bazel's reason names the constraint.
        rctx.file("buildifier", "")
        rctx.file("compatible.bzl", 'COMPATIBLE = ["@buildifier//:npm_is_on_path"]\n')
        return
    rctx.file("compatible.bzl", "COMPATIBLE = []\n")
    _run(rctx, [npm, "pack", "--silent", _PACKAGE + "@" + _VERSION])
    archive = "bazel-buildifier-{}.tgz".format(_VERSION)
    found = _run(rctx, ["sha512sum", archive]).split(" ")[0]
    if found != _SHA512:
        fail("{}@{} from npm has SHA-512 {}, expected {}; do not use it".format(_PACKAGE, _VERSION, found, _SHA512))
    rctx.extract(archive, "package", stripPrefix = "package")
    rctx.symlink("package/buildifier-linux_amd64", "buildifier")

def _run(rctx, command):
    result = rctx.execute(command, timeout = 300)
    if result.return_code:
        fail("{} ended with exit code {}:\n{}{}".format(" ".join([str(c) for c in command]), result.return_code, result.stdout, result.stderr))
    return result.stdout

_buildifier = repository_rule(
    implementation = _buildifier_impl,
    configure = True,
    environ = ["PATH"],
)

def _extension_impl(_mctx):
    _buildifier(name = "buildifier")

buildifier = module_extension(implementation = _extension_impl)
