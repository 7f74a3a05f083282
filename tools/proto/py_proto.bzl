# SPDX-License-Identifier: Apache-2.0
"""`py_proto`: a Python library, with type stubs, out of .proto files.

protoc comes as a wheel (grpcio-tools), so neither a C++ toolchain nor rules_proto is needed.
"""

load("@rules_python//python:py_library.bzl", "py_library")

_ProtoSourcesInfo = provider(
    doc = "The .proto files a py_proto is made of.",
    fields = {"sources": "depset of File, with those of its dependencies"},
)

def _generate_impl(ctx):
    root = ctx.bin_dir.path + ("/" + ctx.label.workspace_root if ctx.label.workspace_root else "")
    modules = []
    stubs = []
    for source in ctx.files.srcs:
        stem = source.basename.removesuffix(".proto")
        modules.append(ctx.actions.declare_file(stem + "_pb2.py", sibling = source))
        stubs.append(ctx.actions.declare_file(stem + "_pb2.pyi", sibling = source))
    sources = depset(ctx.files.srcs, transitive = [d[_ProtoSourcesInfo].sources for d in ctx.attr.deps])
    arguments = ctx.actions.args()
    arguments.add("-I" + (ctx.label.workspace_root or "."))
    arguments.add("--fatal_warnings")
    arguments.add(root, format = "--python_out=%s")
    arguments.add(root, format = "--pyi_out=%s")
    arguments.add_all(ctx.files.srcs)
    ctx.actions.run(
        executable = ctx.executable._protoc,
        arguments = [arguments],
        inputs = sources,
        outputs = modules + stubs,
        mnemonic = "PyProto",
        progress_message = "Generating Python for %{label}",
    )
    return [
        DefaultInfo(files = depset(modules)),
        OutputGroupInfo(pyi = depset(stubs)),
        _ProtoSourcesInfo(sources = sources),
    ]

_generate = rule(
    implementation = _generate_impl,
    attrs = {
        "deps": attr.label_list(providers = [_ProtoSourcesInfo]),
        "srcs": attr.label_list(allow_files = [".proto"], mandatory = True),
        "_protoc": attr.label(default = "//tools/proto:protoc", executable = True, cfg = "exec"),
    },
    provides = [_ProtoSourcesInfo],
)

def py_proto(name, srcs, deps = [], **kwargs):
    """Makes a py_library NAME with one module X_pb2 for every X.proto.

    Imports in .proto files are relative to the repository's root, as is the Python module's name:
    `ktstr/result/result.proto` becomes `ktstr.result.result_pb2`. `NAME.pyi` are the stubs for mypy.

    Args:
      name: name of the py_library.
      srcs: .proto files of this package.
      deps: other py_proto targets whose files these import.
      **kwargs: further attributes of the py_library.
    """
    _generate(
        name = name + ".generated",
        srcs = srcs,
        deps = [str(native.package_relative_label(d)) + ".generated" for d in deps],
        visibility = kwargs.get("visibility"),
    )
    native.filegroup(
        name = name + ".pyi",
        srcs = [name + ".generated"],
        output_group = "pyi",
        visibility = ["//visibility:public"],
    )
    py_library(
        name = name,
        srcs = [name + ".generated"],
        data = [name + ".pyi"],
        deps = deps + [Label("@pypi//:protobuf")],
        **kwargs
    )
