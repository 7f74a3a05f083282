# SPDX-License-Identifier: Apache-2.0
"""The rule `payload`."""

load("//rules/private/build:guest_mode.bzl", "payload_mode")
load("//rules/private/build:label_text.bzl", "label_text")
load("//rules/private/initramfs:initramfs.bzl", "guest_path_problem")
load("//rules/private/providers:initramfs_info.bzl", "InitramfsInfo")
load("//rules/private/providers:payload_info.bzl", "PayloadInfo")
load(":metrics.bzl", "OUTPUTS", "REPEATS", "decoded_checks", "decoded_hints", "encoded")

visibility(["//rules"])

_NAME_MAX = 64
_NAME_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."

# Where a payload's files would not be seen, or would take the place of the guest's own.
_RESERVED = {
    "dev": "the guest mounts devtmpfs over it",
    "init": "the guest's agent is there",
    "ktstr": "the plan of the test is there",
    "mnt": "disks are mounted there",
    "payloads": "payloads have directories of their own there; give a relative path",
    "proc": "the guest mounts proc over it",
    "run": "the guest mounts tmpfs over it",
    "scheduler": "the scheduler is there",
    "sys": "the guest mounts sysfs over it",
    "tmp": "the guest mounts tmpfs over it",
    "usr/bin/ktstr-worker": "the guest's worker is there",
    "usr/lib/ktstr": "the guest's agent is there",
    "workers": "work types of the test's own are there",
}

def _name_problem(name):
    if len(name) > _NAME_MAX:
        return "is longer than %d characters" % _NAME_MAX
    if name[0] in "._-":
        return "begins with %r" % name[0]
    if not all([c in _NAME_CHARACTERS for c in name.elems()]):
        return "may hold letters, digits, \"_\", \"-\" and \".\" only"
    return None

def _guest_path(label, folder, path):
    """The absolute guest path of an entry of `files`; fails on one that cannot be had."""
    absolute = path.startswith("/")
    problem = guest_path_problem(path[1:] if absolute else path)
    if problem:
        fail("%s: files: guest path %r %s" % (label, path, problem))
    if not absolute:
        return folder + "/" + path
    for reserved, reason in _RESERVED.items():
        if (path[1:] + "/").startswith(reserved + "/"):
            fail("%s: files: guest path %r is reserved: %s" % (label, path, reason))
    return path

def _check(ctx):
    """Fails on what can be known to be wrong before anything is built."""
    attr = ctx.attr
    problem = _name_problem(ctx.label.name)
    if problem:
        fail("%s: a payload's name %s: tests name it, and its directory is called so" % (ctx.label, problem))
    if bool(attr.binary) == bool(attr.path):
        fail("%s: give either binary (a target or file) or path (of a program in root); %s given" % (
            ctx.label,
            "both are" if attr.binary else "neither is",
        ))
    if attr.path and guest_path_problem(attr.path):
        fail("%s: path %r %s" % (ctx.label, attr.path, guest_path_problem(attr.path)))
    if attr.output not in OUTPUTS:
        fail("%s: output %r is unknown; known: %s" % (ctx.label, attr.output, ", ".join(OUTPUTS)))
    if bool(attr.patterns) != (attr.output == "regex"):
        fail("%s: patterns go with output \"regex\", and it with them; output is %r, patterns name %s" % (
            ctx.label,
            attr.output,
            sorted(attr.patterns) or "nothing",
        ))
    if attr.repeats not in REPEATS:
        fail("%s: repeats %r is unknown; known: %s" % (ctx.label, attr.repeats, ", ".join(REPEATS)))
    if (attr.record_key or attr.repeats != "all") and attr.output not in ("json", "key_value"):
        fail("%s: record_key and repeats go with output \"json\" or \"key_value\", not %r" % (ctx.label, attr.output))
    if "" in attr.record_key or len({name: None for name in attr.record_key}) < len(attr.record_key):
        fail("%s: record_key %s has an empty name, or one twice" % (ctx.label, attr.record_key))
    for metric, pattern in attr.patterns.items():
        if not metric or not pattern:
            fail("%s: patterns: %r: %r has an empty side" % (ctx.label, metric, pattern))
    for argument in attr.default_args:
        if "\0" in argument:
            fail("%s: args: %r holds a NUL" % (ctx.label, argument))
    for library in attr.libraries:
        if not library or "/" in library:
            fail("%s: libraries: %r is no library's name, e.g. \"libgcc_s.so.1\"" % (ctx.label, library))
    if not attr.any_flag:
        _check_flags(ctx)

def _is_known(argument, flags):
    """Whether an argument is an option of `flags` or none at all; as ktstr.model.payload_run."""
    if not argument.startswith("-") or argument == "-" or argument[1].isdigit():
        return True
    if argument.partition("=")[0] in flags:
        return True
    return not argument.startswith("--") and argument[:2] in flags

def _check_flags(ctx):
    flags = ctx.attr.known_flags
    for flag in flags:
        if not flag.startswith("-") or "=" in flag or flag.strip("-") == "":
            fail("%s: known_flags: %r is no option; write -x or --long without a value" % (ctx.label, flag))
    for argument in ctx.attr.default_args:
        if argument == "--":
            break
        if not _is_known(argument, flags):
            fail("%s: args: option %r is none of known_flags: %s" % (
                ctx.label,
                argument.partition("=")[0],
                ", ".join(flags) or "it allows none",
            ))

def _one_file(ctx, attribute, target):
    files = target[DefaultInfo].files.to_list()
    if len(files) != 1:
        fail("%s: %s: %s gives %d files; one is expected" % (ctx.label, attribute, target.label, len(files)))
    return files[0]

def _item(path, file, origin):
    return {"origin": origin, "path": path, "source": file.path}

def _program(ctx, folder):
    """Where the program is in the guest, what brings it there, and the files for that."""
    if ctx.attr.path:
        program = "%s/bin/%s" % (folder, ctx.attr.path.rpartition("/")[2])
        origin = "%s of %s" % (ctx.attr.path, label_text(ctx.attr.root.label))
        return program, [{"in_root": ctx.attr.path, "origin": origin, "path": program}], []
    target = ctx.attr.binary
    executable = target[DefaultInfo].files_to_run.executable or _one_file(ctx, "binary", target)
    program = "%s/bin/%s" % (folder, executable.basename)
    origin = label_text(target.label)
    items = [_item(program, executable, origin)]
    files = [executable]
    for file in target[DefaultInfo].default_runfiles.files.to_list():
        if file != executable:
            # As Bazel lays them out, so that a program finds them beside itself.
            below = file.short_path[3:] if file.short_path.startswith("../") else ctx.workspace_name + "/" + file.short_path
            items.append(_item("%s.runfiles/%s" % (program, below), file, "%s of %s" % (file.short_path, origin)))
            files.append(file)
    return program, items, files

def _files(ctx, folder):
    """What `files` brings into the guest."""
    items = []
    files = []
    seen = {}
    for target, path in ctx.attr.files.items():
        file = _one_file(ctx, "files", target)
        guest = _guest_path(ctx.label, folder, path)
        if guest in seen:
            fail("%s: files: guest path %r is given to both %s and %s" % (
                ctx.label,
                path,
                label_text(seen[guest]),
                label_text(target.label),
            ))
        seen[guest] = target.label
        items.append(_item(guest, file, label_text(target.label)))
        files.append(file)
    return items, files

def _write_layer(ctx, payload, items, files):
    """Declares the layer and its index."""
    manifest = ctx.actions.declare_file(ctx.label.name + ".manifest.json")
    ctx.actions.write(manifest, json.encode_indent({
        "items": items,
        "label": label_text(ctx.label),
        "libraries": ctx.attr.libraries,
        "payload": payload,
    }) + "\n")
    layer = ctx.actions.declare_file(ctx.label.name + ".cpio")
    index = ctx.actions.declare_file(ctx.label.name + ".index.json")
    guest = ctx.attr._guest[InitramfsInfo].layers[0]
    arguments = ctx.actions.args()
    arguments.add("--manifest", manifest)
    arguments.add_all(["--root", ctx.file.root.path])
    arguments.add("--root-name", label_text(ctx.attr.root.label))
    arguments.add("--guest", guest)
    arguments.add("--output", layer)
    arguments.add("--index", index)
    ctx.actions.run(
        executable = ctx.executable._tool,
        arguments = [arguments],
        inputs = files + [manifest, ctx.file.root, guest],
        outputs = [layer, index],
        mnemonic = "PayloadLayer",
        progress_message = "Writing payload layer %{label}",
    )
    return layer, index

def _payload_impl(ctx):
    _check(ctx)
    attr = ctx.attr
    name = ctx.label.name
    folder = "/payloads/" + name
    program, items, files = _program(ctx, folder)
    more_items, more_files = _files(ctx, folder)
    payload = {
        "default_args": attr.default_args,
        "default_checks": decoded_checks(ctx.label, attr.checks, attr.output, attr.patterns),
        "known_flags": None if attr.any_flag else attr.known_flags,
        "metrics": decoded_hints(ctx.label, attr.metrics, attr.output, attr.patterns),
        "name": name,
        "output": attr.output,
        "path": [folder + "/bin"],
        "patterns": attr.patterns or None,
        "program": program,
        "record_key": attr.record_key,
        "repeats": attr.repeats,
        "uses_parent_pgrp": attr.uses_parent_pgrp,
    }
    layer, index = _write_layer(ctx, payload, items + more_items, files + more_files)
    return [
        DefaultInfo(files = depset([layer])),
        OutputGroupInfo(index = depset([index])),
        PayloadInfo(index = index, layer = layer, name = name, payload = payload),
    ]

_payload = rule(
    implementation = _payload_impl,
    cfg = payload_mode,
    doc = "A program for tests to run in their guests.",
    attrs = {
        "any_flag": attr.bool(mandatory = True, doc = "Whether known_flags limits nothing."),
        "binary": attr.label(allow_files = True, doc = "The program: an executable target, whose runfiles come along, or a file. Give this or path."),
        "checks": attr.string_list(doc = "JSON of rules/private/payload/metrics.bzl."),
        "default_args": attr.string_list(doc = "Arguments of every run."),
        "files": attr.label_keyed_string_dict(allow_files = True, doc = "File or directory -> its path in the guest, absolute or below /payloads/NAME; programs among them bring their libraries."),
        "known_flags": attr.string_list(doc = "The only options that arguments may hold."),
        "libraries": attr.string_list(doc = "Shared libraries that the program opens by itself, e.g. [\"libgcc_s.so.1\"]."),
        "metrics": attr.string_list(doc = "JSON of rules/private/payload/metrics.bzl."),
        "output": attr.string(mandatory = True, doc = "How metrics are found in what it prints."),
        "path": attr.string(doc = "Path of the program in root."),
        "patterns": attr.string_dict(doc = "For output = \"regex\": metric -> regular expression with one group, e.g. {\"time\": \"Time: (.*)\"}."),
        "record_key": attr.string_list(doc = "Names of fields whose values tell records of \"json\" and \"key_value\" apart that have the same names, e.g. [\"event\"] for `perf stat -j`; see docs/quantities.md."),
        "repeats": attr.string(default = "all", doc = "\"all\": records that are called alike are numbered; \"last\": the last counts, as in reports that come while a benchmark runs."),
        "root": attr.label(
            default = "@debian_payloads//:root",
            allow_single_file = True,
            doc = "The Debian root that libraries, and the program of `path`, are taken from.",
        ),
        "uses_parent_pgrp": attr.bool(doc = "Whether the program gets no process group of its own."),
        "_guest": attr.label(default = "//ktstr/guest:python", providers = [InitramfsInfo]),
        "_tool": attr.label(default = "//tools/payload:layer", executable = True, cfg = "exec"),
    },
    provides = [PayloadInfo],
)

# Under a public name, for the reference: the attributes that the macro passes on.
PAYLOAD_RULE = _payload

def payload(
        name,
        args = [],
        checks = [],
        metrics = [],
        output = "exit_code",
        known_flags = None,
        **kwargs):
    """A program for tests to run in their guests, with all it needs there.

    It lies in the guest's /payloads/NAME/bin. The libraries that its ELF headers ask for, and
    those of its files, are taken from `root`.

    Args:
      name: name of the payload, which tests use.
      args: arguments of every run, before those of the test.
      checks: what every run must fulfil: metric_min, metric_max, metric_range, metric_exists,
        exit_code, exit_code_skip.
      metrics: what is known of its metrics: metric(NAME, polarity = ..., target = ..., unit = ...).
      output: how metrics are found in what it prints: "exit_code" (none are), "json", "key_value"
        or "regex" with `patterns`.
      known_flags: the only options that arguments may hold; None: any.
      **kwargs: what the rule takes besides, as above and in docs/reference/rules.md.
    """
    _payload(
        name = name,
        any_flag = known_flags == None,
        checks = [encoded(each) for each in checks],
        default_args = args,
        known_flags = known_flags or [],
        metrics = [encoded(each) for each in metrics],
        output = output,
        **kwargs
    )
