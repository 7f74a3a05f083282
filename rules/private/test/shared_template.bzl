# SPDX-License-Identifier: Apache-2.0
"""The vm_template that all tests of a package with the same machine share."""

load(":machine.bzl", "DEFAULT_TOPOLOGY")
load(":properties.bzl", "template_properties")
load(":template.bzl", "vm_template")

visibility("private")

_LABELS = ["kernel", "payloads", "scheduler", "staged_schedulers", "workers"]
_VALUES = ["kargs", "memory_mb", "numa", "topology"]
_MASK = 0xffffffff
_HEX_DIGITS = 8

# So many machines of one package with one hash there will not be.
_MOST_ALIKE = 100

def _label(value):
    return str(native.package_relative_label(value)) if type(value) == "string" else str(value)

def _words(name, value):
    """The value of an attribute as text: equal values, equal texts. Works for select(...), too."""
    if name in _LABELS:
        value = [_label(each) for each in value] if type(value) == "list" else _label(value)
    return "%s=%r" % (name, value)

def _hex(number):
    text = "%x" % (number & _MASK)
    return "0" * (_HEX_DIGITS - len(text)) + text

def _stem(topology):
    """The topology where it can be part of a name: a wrong one is told by the test's own check."""
    if type(topology) != "string" or not topology.isalnum():
        return "machine"
    return topology

def shared_template(name, attributes):
    """Declares the template of a test's machine, unless a test before has.

    Args:
      name: of the test, for messages: many tests share a template, whose name is its machine's.
      attributes: dict of the test's attributes.

    Returns:
      string, a label in this package.
    """
    given = {
        name: attributes[name]
        for name in _LABELS + _VALUES
        if attributes.get(name)
    }
    given.setdefault("topology", DEFAULT_TOPOLOGY)
    machine = " ".join([_words(name, given[name]) for name in sorted(given)])
    stem = "%s_%s" % (_stem(given["topology"]), _hex(hash(machine)))
    for attempt in range(_MOST_ALIKE):
        template = stem + ("_%d" % attempt if attempt else "") + ".template"
        found = native.existing_rule(template)
        if not found:
            vm_template(
                name = template,
                exec_properties = template_properties(given),
                machine = machine,
                tags = ["manual"],
                testonly = True,
                visibility = ["//visibility:private"],
                **given
            )
            return ":" + template
        if found.get("machine") == machine:
            return ":" + template
    fail("%s: %d machines of this package have the hash of %s" % (name, _MOST_ALIKE, machine))
