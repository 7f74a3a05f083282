# SPDX-License-Identifier: Apache-2.0
"""What the repository rules of kernels' sources share: a kernel_image over an archive."""

load("//rules/private/debian:mirrors.bzl", "apparent_name")
load("//third_party:host_interpreter.bzl", "find_host_python")

visibility("private")

# What every such rule takes.
KERNEL_REPOSITORY_ATTRS = {
    "base": attr.string(default = "tinyconfig", doc = "Of the kernel_image."),
    "fragments": attr.string_list(mandatory = True, doc = "Canonical labels of configuration fragments."),
    "label": attr.string(mandatory = True, doc = "The kernel's name in results."),
    "patches": attr.string_list(doc = "Canonical labels of patches, in their order."),
    "versions": attr.string(mandatory = True, doc = "Canonical label of which options are in which versions."),
    "_tools": attr.label_list(
        default = [
            "//tools/kernel/source:archive.py",
            "//tools/kernel/source:mirror.py",
            "//tools/kernel/source:revision.py",
            "//tools/kernel/source:tree.py",
        ],
    ),
}

_BUILD = """\
# SPDX-License-Identifier: Apache-2.0
load("{rules}", "{rule}", "kernel_source")

package(default_visibility = ["//visibility:public"])

exports_files(["source.json"])

kernel_source(
    name = "prepared",
    archive = {archive},
    patches = {patches},
    tags = {tags},
)

{rule}(
    name = {label},
    base = {base},
    fragments = {fragments},{further}
    source = ":prepared",
    tags = {tags},
    versions = {versions},
)

alias(
    name = "kernel",
    actual = {label},
)

alias(
    name = "source",
    actual = {archive},
)
"""

# A kernel that is built further, in a folder of this machine.
_FURTHER = """
    folder = {folder},
    state = "state","""

def write_kernel_repository(rctx, archive, source, suffix = "", tags = [], folder = ""):
    """Writes the BUILD file: `:kernel`, `:source`, and source.json, which says where it came from.

    Args:
      rctx: the repository context of a rule with KERNEL_REPOSITORY_ATTRS.
      archive: label or file name of the source archive.
      source: dict, the record.
      suffix: of the kernel's name.
      tags: of the kernel_image.
      folder: where an incremental_kernel is built in its place; the file `state` is there.
    """
    rctx.file("source.json", json.encode_indent(source) + "\n", executable = False)
    rctx.file("BUILD.bazel", _BUILD.format(
        rules = Label("//rules:kernel.bzl"),
        rule = "incremental_kernel" if folder else "kernel_image",
        further = _FURTHER.format(folder = repr(folder)) if folder else "",
        label = repr(rctx.attr.label + suffix),
        base = repr(rctx.attr.base),
        fragments = repr(rctx.attr.fragments),
        archive = repr(archive),
        patches = repr(rctx.attr.patches),
        tags = repr(tags),
        versions = repr(rctx.attr.versions),
    ), executable = False)

def run_kernel_tool(rctx, tool, arguments, timeout):
    """Runs a program of tools/kernel/source.

    Args:
      rctx: the repository context of a rule with KERNEL_REPOSITORY_ATTRS.
      tool: string, e.g. "tree.py".
      arguments: list of strings and paths.
      timeout: seconds.
    Returns:
      string, what it prints.
    """
    for label in rctx.attr._tools:
        rctx.watch(label)
    path = rctx.path(Label("//tools/kernel/source:" + tool))
    result = rctx.execute(
        [find_host_python(rctx).path, "-I", "-B", path] + arguments,
        timeout = timeout,
    )
    if result.return_code:
        fail("{}: {}".format(apparent_name(rctx), result.stderr.strip()))
    return result.stdout

def download_archive(rctx, urls, output, sha256):
    """Downloads a file from the first address that has it, or fails and says what each one has.

    Args:
      rctx: the repository context.
      urls: list of strings.
      output: string, the file to write.
      sha256: string; "" if it is not known.
    Returns:
      string, the file's SHA-256.
    """
    result = rctx.download(url = urls, output = output, sha256 = sha256, allow_fail = True)
    if result.success:
        return result.sha256
    found, rejected = [], False
    for url in urls:
        plain = rctx.download(url = url, output = "rejected", allow_fail = True)
        found.append("  {}: {}".format(url, "SHA-256 " + plain.sha256 if plain.success else "not there"))
        rejected = rejected or plain.success
        rctx.delete("rejected")
    return fail("{}: {}:\n{}\n{}".format(
        apparent_name(rctx),
        "digest does not match: wanted SHA-256 " + sha256 if rejected else "the kernel's source archive cannot be had",
        "\n".join(found),
        "The archive is damaged, or somebody changed it; do not use it. If it is right, correct sha256." if rejected else "Correct the version or address, or name a mirror that has it.",
    ))
