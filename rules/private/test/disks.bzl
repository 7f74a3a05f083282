# SPDX-License-Identifier: Apache-2.0
"""The disks of a ktstr_test: what a BUILD file writes, as attributes that a rule can hold."""

load("//rules/private/build:label_text.bzl", "label_text")
load("//rules/private/providers:disk_template_info.bzl", "DiskTemplateInfo")

visibility(["//rules"])

# The disks that the machine has slots for beside its own devices.
_MOST_DISKS = 16
_LONGEST_NAME = 20
_NAME_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789_-"

# QEMU's own bound of a throttle (THROTTLE_VALUE_MAX, include/qemu/throttle.h).
_MOST_PER_S = 1000000000000000

# What a guest keeps of its disks in its own memory at most (ktstr/machine/disks.py).
_MOST_IN_MEMORY_MIB = 1024

_LIMITS = ["iops", "bytes_per_s"]
_BURSTS = {"bytes_burst": "bytes_per_s", "iops_burst": "iops"}

def disk(
        template,
        name = "",
        read_only = False,
        auto_mount = True,
        iops = None,
        bytes_per_s = None,
        iops_burst = None,
        bytes_burst = None):
    """A disk of a ktstr_test that is not simply a label.

    Args:
      template: label of the disk_template; every test gets a clone of its own.
      name: what tests call it, and /mnt/<name> its mount point: lower-case letters, digits, `_` and
        `-`, at most 20; `disk<index>` if left out.
      read_only: whether the guest can only read it.
      auto_mount: whether it is mounted before the test begins; a raw disk never is.
      iops: at most this many operations a second; QEMU keeps it to that.
      bytes_per_s: at most this many bytes a second.
      iops_burst: operations a second that short bursts may reach.
      bytes_burst: bytes a second that short bursts may reach.

    Returns:
      An item of `ktstr_test(disks = ...)`.
    """
    return struct(
        auto_mount = auto_mount,
        name = name,
        read_only = read_only,
        template = template,
        throttle = {
            key: value
            for key, value in {
                "bytes_burst": bytes_burst,
                "bytes_per_s": bytes_per_s,
                "iops": iops,
                "iops_burst": iops_burst,
            }.items()
            if value != None
        },
    )

def disk_attributes(name, disks):
    """Splits a list of disks into what rules have attributes for.

    Args:
      name: the test's name, for messages.
      disks: labels and results of disk(...).

    Returns:
      dict of attributes: `disk_templates`, labels without repetition, and `disks`, JSON of each.
    """
    if type(disks) != "list":
        fail("ktstr_test %s: disks is a %s; it must be a plain list, as its items are not labels" % (
            name,
            type(disks),
        ))
    templates = {}
    items = []
    for item in disks:
        if type(item) != "struct":
            item = disk(item)
        template = native.package_relative_label(item.template)
        index = templates.setdefault(template, len(templates))
        items.append(json.encode({
            "auto_mount": item.auto_mount,
            "name": item.name,
            "read_only": item.read_only,
            "template": index,
            "throttle": item.throttle,
        }))
    return {"disk_templates": templates.keys(), "disks": items}

# Merge into a rule's `attrs`; the macro fills them.
DISK_ATTRS = {
    "disk_templates": attr.label_list(
        providers = [DiskTemplateInfo],
        doc = "Templates of the disks.",
    ),
    "disks": attr.string_list(
        doc = "The disks, in order: JSON objects with the index of their template.",
    ),
}

def _name_problem(name):
    if type(name) != "string":
        return "is no string"
    if len(name) > _LONGEST_NAME:
        return "has %d characters; a disk's serial number takes %d" % (len(name), _LONGEST_NAME)
    for character in name.elems():
        if character not in _NAME_CHARACTERS:
            return "has the character %r; lower-case letters, digits, _ and - are allowed" % character
    if name[:1] in ("-", "_"):
        return "begins with %r" % name[0]
    return None

def _throttle_problem(throttle):
    for key, value in throttle.items():
        if type(value) != "int":
            return "%s is %r; expected a whole number" % (key, value)
        if value < 1:
            return "%s is %d; a limit is at least 1, and no limit is to leave it out" % (key, value)
        if value > _MOST_PER_S:
            return "%s is %d; QEMU takes at most %d" % (key, value, _MOST_PER_S)
    for burst, limit in _BURSTS.items():
        if burst not in throttle:
            continue
        if limit not in throttle:
            return "%s is given without %s, the limit that it may pass" % (burst, limit)
        if throttle[burst] < throttle[limit]:
            return "%s is %d, below %s, which is %d" % (
                burst,
                throttle[burst],
                limit,
                throttle[limit],
            )
    return None

def _disks_of(ctx):
    """The disks, after every check that analysis can make: what disk(...) has, label and info."""
    if len(ctx.attr.disks) > _MOST_DISKS:
        fail("%s: %d disks; the machine takes at most %d" % (
            ctx.label,
            len(ctx.attr.disks),
            _MOST_DISKS,
        ))
    found = []
    places = {}
    for index, text in enumerate(ctx.attr.disks):
        item = json.decode(text)
        problem = _name_problem(item["name"])
        if problem:
            fail("%s: disks[%d]: name %r %s" % (ctx.label, index, item["name"], problem))
        name = item["name"] or "disk%d" % index
        if name in places:
            fail("%s: disks[%d]: name %r is taken by disks[%d]; a name tells disks apart" % (
                ctx.label,
                index,
                name,
                places[name],
            ))
        places[name] = index
        for flag in ["auto_mount", "read_only"]:
            if type(item[flag]) != "bool":
                fail("%s: disk %r: %s is %r; expected True or False" % (
                    ctx.label,
                    name,
                    flag,
                    item[flag],
                ))
        problem = _throttle_problem(item["throttle"])
        if problem:
            fail("%s: disk %r: %s" % (ctx.label, name, problem))
        template = ctx.attr.disk_templates[item["template"]]
        found.append(struct(
            auto_mount = item["auto_mount"],
            info = template[DiskTemplateInfo],
            label = template.label,
            name = item["name"],
            read_only = item["read_only"],
            throttle = {
                key: item["throttle"].get(key, 0)
                for key in _LIMITS + _BURSTS.keys()
            },
        ))
    return found

def disks_mib(ctx):
    """The memory that a guest in virtual time needs for the disks it keeps in it.

    Args:
      ctx: of a rule with DISK_ATTRS.

    Returns:
      MiB.
    """
    total = 0
    for disk in _disks_of(ctx):
        if total + disk.info.size_mb <= _MOST_IN_MEMORY_MIB and not any(disk.throttle.values()):
            total += disk.info.size_mb
    return total

def disk_files(ctx):
    """What the runner reads of a test's disks.

    Args:
      ctx: of a rule with DISK_ATTRS.

    Returns:
      list of File.
    """
    infos = [template[DiskTemplateInfo] for template in ctx.attr.disk_templates]
    return [info.image for info in infos] + [info.key for info in infos]

def disks_config(ctx, runfiles_path):
    """The disks as the runner reads them: ktstr.machine.target.DiskFiles.

    Args:
      ctx: of a rule with DISK_ATTRS.
      runfiles_path: function (ctx, File) -> runfiles path.

    Returns:
      list of dict, for JSON.
    """
    return [
        {
            "auto_mount": disk.auto_mount,
            "filesystem": disk.info.filesystem,
            "key_file": runfiles_path(ctx, disk.info.key),
            "label": label_text(disk.label),
            "name": disk.name,
            "read_only": disk.read_only,
            "size_mb": disk.info.size_mb,
            "template": runfiles_path(ctx, disk.info.image),
            "throttle": disk.throttle,
        }
        for disk in _disks_of(ctx)
    ]
