# SPDX-License-Identifier: Apache-2.0
"""A Python program's modules as one archive of bytecode, for programs that start often."""

load("@rules_python//python:defs.bzl", "PyInfo")
load(":arch.bzl", "native_transition")

visibility(["//rules"])

_NATIVE = "so"

# What pip keeps of a wheel: nobody imports it.
_OF_WHEEL = ".dist-info/"

def _runfiles_path(file, workspace):
    return file.short_path[3:] if file.short_path.startswith("../") else workspace + "/" + file.short_path

def _pack(ctx, info, native):
    """Declares the archive, and the directory of what no archive can hold.

    Args:
      ctx: of the rule.
      info: PyInfo of the library.
      native: extension modules, and what is beside them and no Python.

    Returns:
      Both of them.
    """
    archive = ctx.actions.declare_file(ctx.label.name + ".zip")
    directory = ctx.actions.declare_directory(ctx.label.name + ".native")
    args = ctx.actions.args()
    args.use_param_file("@%s", use_always = True)
    args.set_param_file_format("multiline")
    args.add(archive, format = "--output=%s")
    args.add(directory.path, format = "--directory=%s")
    args.add_all(info.imports, format_each = "--root=%s")
    for option, files in [("native", native), ("module", info.transitive_sources.to_list())]:
        for file in files:
            args.add("--%s=%s=%s" % (option, _runfiles_path(file, ctx.workspace_name), file.path))
    ctx.actions.run(
        executable = ctx.executable._tool,
        arguments = [args],
        inputs = depset(native, transitive = [info.transitive_sources]),
        outputs = [archive, directory],
        # The order of a set of constants follows the hashes of its strings.
        env = {"PYTHONHASHSEED": "0"},
        mnemonic = "KtstrPythonArchive",
        progress_message = "Packing Python modules %{label}",
    )
    return archive, directory

def _python_archive_impl(ctx):
    info = ctx.attr.library[PyInfo]
    files = ctx.attr.library[DefaultInfo].default_runfiles.files.to_list()
    places = {file.dirname: None for file in files if file.extension == _NATIVE}
    others = [file for file in files if file.extension != "py" and _OF_WHEEL not in file.short_path]
    native = [file for file in others if _is_beside(file, places)]
    loose = [file for file in others if not _is_beside(file, places)]
    archive, directory = _pack(ctx, info, native)
    return [
        DefaultInfo(
            files = depset([archive]),
            runfiles = ctx.runfiles([archive, directory] + loose),
        ),
        PyInfo(transitive_sources = depset(), imports = info.imports),
    ]

def _is_beside(file, places):
    """Whether a file is in one of the directories `places`, or below."""
    for directory in places:
        if (file.dirname + "/").startswith(directory + "/"):
            return True
    return False

python_archive = rule(
    implementation = _python_archive_impl,
    cfg = native_transition,
    doc = """Packs a library and all that it imports into NAME.zip, bytecode beside each source.

Whoever puts that and the directory NAME.native first into sys.path needs none of the library's
sources. Packages with native code are in the directory; the library's data comes along as runfiles.
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
