# SPDX-License-Identifier: Apache-2.0
"""Module extension `lint_sources`: every source file of this repository, as inputs for the linters.

Bazel's packages hide their files from each other, so a test cannot glob the whole repository, and a list
kept by hand would be forgotten. This repository rule watches the tree and links to its files; a linter's
test is run again when a file that it reads changes, and only then.
"""

# Directories that hold no sources of ours.
_SKIPPED = ["__pycache__", "node_modules"]

# What Bazel and tools/bazel write into a workspace, and its user.
_LOCAL = [".bazelrc.local", "MODULE.bazel.lock", "user.bazelrc"]

# By the kind of linter that reads them.
_KINDS = {
    "c": [".c", ".h"],
    "python": [".py", ".pyi"],
    "shell": [".sh"],
    "starlark": [".bzl", ".bazel"],
    "text": [".md", ".proto", ".config", ".css", ".html", ".js", ".json", ".toml", ".txt", ".yaml"],
}

# Programs and settings without a telling suffix.
_NAMED = {
    ".bazelrc": "text",
    ".bazelversion": "text",
    ".ci/run": "shell",
    ".clang-format": "text",
    "tools/bazel": "shell",
}

# What a consumer's build of an initramfs layer, a package or a kernel's sources reads: `@lint_sources//:module`, for tests that run Bazel.
_MODULE = [
    "BUILD.bazel",
    "MODULE.bazel",
    "ktstr/BUILD.bazel",
    "ktstr/__init__.py",
    "ktstr/initramfs/",
    "ktstr/model/",
    "rules/",
    "third_party/",
    "tools/BUILD.bazel",
    "tools/debian/",
    "tools/initramfs/",
    "tools/kernel/source/",
    "tools/python/",
]

# What any consumer's build reads, and the workspace of one, whatever the files' kinds: `@lint_sources//:checkout`.
_CHECKOUT = [
    "BUILD.bazel",
    "MODULE.bazel",
    "e2e/consumer/",
    "ktstr/",
    "rules/",
    "sched/",
    "third_party/",
    "tools/",
]

# Asked of each of two thousand files, at each start of a server.
_KIND_OF = {suffix: kind for kind, suffixes in _KINDS.items() for suffix in suffixes}

def _split(starts):
    """Files and folders, each as what a path is asked about at once."""
    return struct(
        files = {each: None for each in starts if not each.endswith("/")},
        folders = tuple([each for each in starts if each.endswith("/")]),
    )

_OF_CHECKOUT = _split(_CHECKOUT)
_OF_MODULE = _split(_MODULE)

def _is_of(path, starts):
    return path in starts.files or path.startswith(starts.folders)

def _kind(path):
    if path in _NAMED:
        return _NAMED[path]
    _, dot, suffix = path.rpartition(".")
    return _KIND_OF.get(dot + suffix)

def _lint_sources_impl(rctx):
    root = rctx.path(rctx.attr._root).dirname
    files = {kind: [] for kind in _KINDS}
    files["module"] = []
    files["checkout"] = []

    # Starlark has no recursion: directories wait in a list that grows while it is walked.
    directories = [root]
    for _ in range(10000):
        if not directories:
            break
        directory = directories.pop()
        for entry in directory.readdir(watch = "yes"):
            path = str(entry).removeprefix(str(root) + "/")
            if entry.is_dir:
                hidden = entry.basename.startswith(".") and path != ".ci"
                convenience = entry.basename.startswith("bazel-") and directory.get_child("MODULE.bazel").exists
                if not (hidden or convenience or entry.basename in _SKIPPED):
                    directories.append(entry)
                continue
            kind = _kind(path)
            in_checkout = _is_of(path, _OF_CHECKOUT)
            if entry.basename in _LOCAL or not (kind or in_checkout):
                continue

            # A BUILD file would make a package of the directory it lies in.
            link = "src/" + path + (".source" if entry.basename == "BUILD.bazel" else "")
            rctx.symlink(entry, link)
            if kind:
                files[kind].append(link)
            if in_checkout:
                files["checkout"].append(link)
            if _is_of(path, _OF_MODULE):
                files["module"].append(link)
    files["settings"] = ["src/.clang-format", "src/pyproject.toml"]
    rctx.file("BUILD.bazel", "\n".join([
        "filegroup(name = {name}, srcs = {srcs}, visibility = [\"//visibility:public\"])\n".format(
            name = repr(kind),
            srcs = repr(sorted(names)),
        )
        for kind, names in sorted(files.items())
    ]))

_lint_sources = repository_rule(
    implementation = _lint_sources_impl,
    attrs = {"_root": attr.label(default = "//:MODULE.bazel")},
    # Else Bazel 7 compares with the directories of its last run, and ends where one of them is gone.
    local = True,
    doc = "Links to the sources of the repository, in one filegroup for each kind.",
)

def _extension_impl(_mctx):
    _lint_sources(name = "lint_sources")

lint_sources = module_extension(implementation = _extension_impl)
