# SPDX-License-Identifier: Apache-2.0
"""A Python that runs anywhere, out of the Debian root.

The action is no program of py_binary, as those run on what it makes: the root's own loader starts
the root's own Python.
"""

load(":arch.bzl", "native_transition")

visibility(["//rules"])

def _python_tree_impl(ctx):
    launcher = ctx.actions.declare_file(ctx.label.name + "/bin/python3")
    program = ctx.actions.declare_file(ctx.label.name + "/bin/python3.13")
    library = ctx.actions.declare_directory(ctx.label.name + "/lib")
    root = ctx.file._root
    ctx.actions.expand_template(
        template = ctx.file._launcher,
        output = launcher,
        is_executable = True,
    )
    args = ctx.actions.args()
    args.add("--library-path", root.path + "/usr/lib/x86_64-linux-gnu")
    args.add(root.path + "/usr/bin/python3.13")
    args.add_all(["-S", "-s", "-B", ctx.file._collect])
    args.add("--root", root.path)
    args.add("--program", program)
    args.add("--library", library.path)
    ctx.actions.run(
        executable = root.path + "/usr/lib64/ld-linux-x86-64.so.2",
        arguments = [args],
        inputs = [ctx.file._collect, root],
        outputs = [program, library],
        # The order of a set of constants follows the hashes of its strings.
        env = {"PYTHONHASHSEED": "0", "PYTHONHOME": root.path + "/usr"},
        mnemonic = "KtstrPythonTree",
        progress_message = "Collecting Python %{label}",
    )
    return [
        DefaultInfo(
            executable = launcher,
            files = depset([launcher]),
            runfiles = ctx.runfiles([program, library]),
        ),
        OutputGroupInfo(runtime = depset([program, library])),
    ]

python_tree = rule(
    implementation = _python_tree_impl,
    cfg = native_transition,
    doc = """Copies the interpreter, its libraries and the standard library out of the Debian root.

The program is `NAME/bin/python3`, a shell script; the output group `runtime` is what it needs besides.
""",
    executable = True,
    attrs = {
        "_collect": attr.label(default = "//tools/python:collect.py", allow_single_file = True),
        "_launcher": attr.label(default = "//tools/python:python3.sh", allow_single_file = True),
        "_root": attr.label(default = "@debian_root//:root", allow_single_file = True),
    },
)
