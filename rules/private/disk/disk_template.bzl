# SPDX-License-Identifier: Apache-2.0
"""The rule `disk_template`: a formatted disk, made once and cloned by every test."""

load("//rules/private/build:guest_mode.bzl", "native_guest_mode")
load("//rules/private/build:label_text.bzl", "label_text")
load("//rules/private/build:root_action.bzl", "ROOT_ATTRS", "run_in_root")
load("//rules/private/providers:disk_template_info.bzl", "DiskTemplateInfo")

visibility(["//rules", "//tests/disk"])

# The least MiB that mkfs takes without options: the programs' own words, of the locked versions.
_LEAST_MIB = {
    "btrfs": (109, "mkfs.btrfs"),
    "ext4": (1, "mke2fs"),
    "raw": (1, "a disk"),
    "xfs": (300, "mkfs.xfs"),
}
_MOST_MIB = 1 << 20

_UNITS = {"": 1, "G": 1 << 30, "K": 1 << 10, "M": 1 << 20, "T": 1 << 40}
_MIB = 1 << 20

_CONTROL_CHARACTERS = (
    "\000\001\002\003\004\005\006\007\010\011\012\013\014\015\016\017" +
    "\020\021\022\023\024\025\026\027\030\031\032\033\034\035\036\037\177"
)

# File names of all these file systems.
_LONGEST_NAME = 255

def parse_size(text):
    """Reads a size such as `256M`.

    Args:
      text: what the BUILD file says: a number with K, M, G or T, powers of 1024, or of bytes.

    Returns:
      (mib, problem): MiB and None, or None and what is wrong.
    """
    unit = text[-1:] if text[-1:] in ("K", "M", "G", "T") else ""
    number = text.removesuffix(unit)
    if not number.isdigit():
        return None, ("size %r is no size; expected a whole number and K, M, G or T (powers of " +
                      "1024), e.g. \"256M\"") % text
    size = int(number) * _UNITS[unit]
    if size == 0:
        return None, "size %r is zero; a disk has at least 1 MiB" % text
    if size % _MIB:
        return None, "size %r is not a whole number of MiB; the next larger is \"%dM\"" % (
            text,
            size // _MIB + 1,
        )
    if size // _MIB > _MOST_MIB:
        return None, "size %r is more than 1 TiB, the largest that is made" % text
    return size // _MIB, None

def content_path_problem(path, filesystem):
    """Says what is wrong with a path of `contents`.

    Args:
      path: where a file is to be in the template.
      filesystem: of the template.

    Returns:
      A clause to put after the path, or None when it is right.
    """
    if not path.startswith("/"):
        return "is relative; paths of contents start at the disk's own root, with a \"/\""
    for part in path[1:].split("/"):
        if part in ("", ".", ".."):
            return "has an empty, \".\" or \"..\" component"
        if len(part) > _LONGEST_NAME:
            return "has a component of %d characters; file systems take %d" % (
                len(part),
                _LONGEST_NAME,
            )
        for character in part.elems():
            if character in _CONTROL_CHARACTERS:
                return "has the control character %r, which none of the programs here is made for" % (
                    character
                )

        # mkfs.xfs(8), -p: the first begins a comment, the other ends a directory.
        if filesystem == "xfs" and (part == "$" or part.startswith(":")):
            return "has the component %r, which mkfs.xfs takes for something else" % part
    return None

def _check_contents(ctx):
    """Fails on contents that cannot be; returns path -> File, in the order of paths."""
    found = {}
    for target, path in ctx.attr.contents.items():
        problem = content_path_problem(path, ctx.attr.filesystem)
        if problem:
            fail("%s: contents: path %r %s" % (ctx.label, path, problem))
        files = target[DefaultInfo].files.to_list()
        if len(files) != 1 or files[0].is_directory:
            fail("%s: contents: %s gives %s; %r is the path of one file" % (
                ctx.label,
                target.label,
                "a directory" if len(files) == 1 else "%d files" % len(files),
                path,
            ))
        if path in found:
            fail("%s: contents: path %r is given twice, for %s and for %s" % (
                ctx.label,
                path,
                found[path].short_path,
                files[0].short_path,
            ))
        found[path] = files[0]
    for path in found:
        parts = path.split("/")
        for length in range(2, len(parts)):
            above = "/".join(parts[:length])
            if above in found:
                fail("%s: contents: path %r lies below %r, which is a file" % (
                    ctx.label,
                    path,
                    above,
                ))
    return {path: found[path] for path in sorted(found)}

def _check(ctx):
    """Fails on what is wrong; returns the size in MiB and the contents."""
    filesystem = ctx.attr.filesystem
    if filesystem not in _LEAST_MIB:
        fail("%s: filesystem %r is unknown; known: %s" % (
            ctx.label,
            filesystem,
            ", ".join(sorted(_LEAST_MIB)),
        ))
    mib, problem = parse_size(ctx.attr.disk_size)
    if problem:
        fail("%s: %s" % (ctx.label, problem))
    if filesystem == "raw" and (ctx.attr.contents or ctx.attr.mkfs_options):
        fail(("%s: %s is given for a raw disk, which is not formatted; remove it, or choose a " +
              "filesystem") % (ctx.label, "contents" if ctx.attr.contents else "mkfs_options"))
    least, who = _LEAST_MIB[filesystem]

    # Options move the bound (mkfs.btrfs --mixed takes 16 MiB): mkfs itself judges them.
    if mib < least and not ctx.attr.mkfs_options:
        fail("%s: size %r is %d MiB; %s needs at least %d MiB" % (
            ctx.label,
            ctx.attr.disk_size,
            mib,
            who,
            least,
        ))
    return mib, _check_contents(ctx)

def _disk_template_impl(ctx):
    mib, contents = _check(ctx)
    image = ctx.actions.declare_file(ctx.label.name + ".qcow2")
    key = ctx.actions.declare_file(ctx.label.name + ".key")
    program = "/ktstr/tools/disk/template.py"
    fixed = "/ktstr/tools/disk/fixed.c"
    inputs = {fixed: ctx.file._fixed, program: ctx.file._template}
    command = ["python3", "-I", program, "--label", label_text(ctx.label)]
    command += ["--filesystem", ctx.attr.filesystem, "--size-mib", str(mib)]
    command += ["--fixed", fixed, "--work", "/build", "--out", "/out"]
    command += ["--option=" + option for option in ctx.attr.mkfs_options]
    for index, (path, file) in enumerate(contents.items()):
        inputs["/in/%d" % index] = file
        command += ["--content", "/in/%d=%s" % (index, path)]
    run_in_root(
        ctx,
        command = command,
        inputs = inputs,
        outputs = {"image": image, "key": key},
        scratch = ["/build"],
        mnemonic = "DiskTemplate",
        progress_message = "Formatting disk %{label}",
    )
    return [
        DefaultInfo(files = depset([image])),
        OutputGroupInfo(key = depset([key])),
        DiskTemplateInfo(
            filesystem = ctx.attr.filesystem,
            image = image,
            key = key,
            size_mb = mib,
        ),
    ]

_disk_template = rule(
    implementation = _disk_template_impl,
    cfg = native_guest_mode,
    doc = """A disk, formatted in the Debian root, of which every test gets a clone of its own.

The image is a compressed qcow2. Two builds of the same inputs give the same bytes: times are
2026-01-01, UUIDs follow from what made the image, everything belongs to root. The output group
`key` holds the content key.""",
    attrs = {
        "contents": attr.label_keyed_string_dict(
            allow_files = True,
            doc = "File of the build -> its absolute path on the disk. Directories are made as " +
                  "needed. Programs and scripts (ELF, #!) get mode 0755, all else 0644.",
        ),
        # Bazel reads `size` of every rule as a test's, and crashes on a string that is none.
        "disk_size": attr.string(
            mandatory = True,
            doc = "Size of the disk, a whole number of MiB: `256M`, `1G`.",
        ),
        "filesystem": attr.string(
            mandatory = True,
            doc = "`btrfs`, `ext4`, `xfs`, or `raw`: not formatted, all zeros.",
        ),
        "mkfs_options": attr.string_list(
            doc = "Further arguments of mkfs.btrfs, mke2fs or mkfs.xfs, one word each.",
        ),
        "_fixed": attr.label(
            default = "//tools/disk:fixed.c",
            allow_single_file = True,
        ),
        "_template": attr.label(
            default = "//tools/disk:template.py",
            allow_single_file = True,
        ),
    } | ROOT_ATTRS,
    provides = [DiskTemplateInfo],
)

# Under a public name, for the reference: the attributes that the macro passes on.
DISK_TEMPLATE_RULE = _disk_template

def disk_template(name, filesystem, size, **kwargs):
    """A disk, formatted once, of which every test gets a clone of its own.

    Args:
      name: name of the target, a compressed qcow2.
      filesystem: `btrfs`, `ext4`, `xfs`, or `raw`: not formatted, all zeros.
      size: a whole number of MiB: `256M`, `1G`.
      **kwargs: what the rule takes besides, as above and in docs/reference/rules.md.
    """
    _disk_template(name = name, disk_size = size, filesystem = filesystem, **kwargs)
