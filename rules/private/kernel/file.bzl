# SPDX-License-Identifier: Apache-2.0
"""The rule `kernel_file`: one file of a kernel's source tree."""

load("//rules/private/build:guest_mode.bzl", "native_guest_mode")
load("//rules/private/build:root_action.bzl", "ROOT_ATTRS", "run_in_root")
load("//rules/private/initramfs:initramfs.bzl", "guest_path_problem")

visibility(["//rules"])

# The archive has one directory, named after its version; the file's path is meant below it.
_EXTRACT = """
tar -xf "$1" -C /scratch --strip-components=1 --wildcards --no-wildcards-match-slash \\
  --occurrence=1 "*/$2" || {
  echo "$3: cannot take $2 out of the kernel's source archive; tar's message is above" >&2
  exit 1
}
cp "/scratch/$2" /out/file
"""

def _kernel_file_impl(ctx):
    path = ctx.attr.path
    problem = guest_path_problem(path)
    if problem:
        fail("%s: path %r %s" % (ctx.label, path, problem))
    file = ctx.actions.declare_file(path)
    run_in_root(
        ctx,
        command = ["sh", "-ec", _EXTRACT, "sh", "/linux.tar.xz", path, str(ctx.label)],
        inputs = {"/linux.tar.xz": ctx.file.archive},
        outputs = {"file": file},
        scratch = ["/scratch"],
        mnemonic = "KernelFile",
        progress_message = "Extracting %{label} from the kernel's sources",
    )
    return [DefaultInfo(files = depset([file]))]

kernel_file = rule(
    implementation = _kernel_file_impl,
    cfg = native_guest_mode,
    doc = """One file of a kernel's source tree, e.g. a script or the source of a test.

It keeps its path below the package, so that C sources find headers taken the same way.""",
    attrs = {
        "archive": attr.label(
            allow_single_file = [".tar.xz"],
            mandatory = True,
            doc = "A kernel's source archive, compressed with xz.",
        ),
        "path": attr.string(mandatory = True, doc = "The file's path in the tree."),
    } | ROOT_ATTRS,
)
