# SPDX-License-Identifier: Apache-2.0
"""Execution properties: what an action asks of a remote worker, in classes that workers say of themselves."""

visibility(["//rules/private/kernel", "//rules/private/test", "//tests/rules/properties"])

# MiB. A worker that says a class holds all below it, too; the first is what any has.
MEMORY_CLASSES = [1024, 4096, 16384, 65536, 262144]

_BUSY_MOST = 256

def _class_of(classes, value):
    for each in classes:
        if value <= each:
            return each
    return classes[-1]

def properties_of(mib, cpus = 1, kvm = False):
    """The properties of an action.

    Args:
      mib: memory that it takes.
      cpus: how many it keeps busy.
      kvm: whether it wants /dev/kvm.

    Returns:
      dict of string, empty for what any worker does.
    """
    found = {}
    memory = _class_of(MEMORY_CLASSES, mib)
    if memory != MEMORY_CLASSES[0]:
        found["ktstr-memory"] = str(memory)
    if cpus > 1:
        found["ktstr-cpus"] = str(_class_of([2 << i for i in range(8)], min(cpus, _BUSY_MOST)))
    if kvm:
        found["ktstr-kvm"] = "yes"
    return found
