# SPDX-License-Identifier: Apache-2.0
"""A Python program's modules as one archive of bytecode, for programs that start often."""

load("@rules_python//python:defs.bzl", "PyInfo")

visibility(["//rules"])

_NATIVE = "so"

def _runfiles_path(file, workspace):
    return file.short_path[3:] if file.short_path.startswith("../") else workspace + "/" + file.short_path

def _python_archive_impl(ctx):
    info = ctx.attr.library[PyInfo]
    runfiles = ctx.attr.library[DefaultInfo].default_runfiles
    files = runfiles.files.to_list()
    native = {file.dirname: None for file in files if file.extension == _NATIVE}
    archive = ctx.actions.declare_file(ctx.label.name + ".zip")
    args = ctx.actions.args()
    args.use_param_file("@%s", use_always = True)
    args.set_param_file_format("multiline")
    args.add(archive, format = "--output=%s")
    args.add_all(info.imports, format_each = "--root=%s")
    for file in files:
        if file.extension == _NATIVE:
            args.add(_runfiles_path(file, ctx.workspace_name), format = "--native=%s")
    for file in info.transitive_sources.to_list():
        args.add("--module=%s=%s" % (_runfiles_path(file, ctx.workspace_name), file.path))
    ctx.actions.run(
        executable = ctx.executable._tool,
        arguments = [args],
        inputs = info.transitive_sources,
        outputs = [archive],
        # The order of a set of constants follows the hashes of its strings.
        env = {"PYTHONHASHSEED": "0"},
        mnemonic = "KtstrPythonArchive",
        progress_message = "Packing Python modules %{label}",
    )
    loose = [file for file in files if file.extension != "py" or _is_beside(file, native)]
    return [
        DefaultInfo(
            files = depset([archive]),
            runfiles = ctx.runfiles([archive] + loose),
        ),
        PyInfo(transitive_sources = depset(), imports = info.imports),
    ]

def _is_beside(file, native):
    """Whether a file is in one of the directories `native`, or below."""
    for directory in native:
        if (file.dirname + "/").startswith(directory + "/"):
            return True
    return False

python_archive = rule(
    implementation = _python_archive_impl,
    doc = """Packs a library and all that it imports into NAME.zip, bytecode beside each source.

Whoever puts that first into sys.path needs none of the library's sources. Packages with native code
stay files: they come along as runfiles, as does the library's data.
""",
    attrs = {
        "library": attr.label(
            mandatory = True,
            providers = [PyInfo],
            doc = "The py_library.",
        ),
        "_tool": attr.label(
            default = "//tools/python:archive",
            cfg = "exec",
            executable = True,
        ),
    },
)
