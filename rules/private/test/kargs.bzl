# SPDX-License-Identifier: Apache-2.0
"""Arguments on the kernel's command line: those that something else decides are refused."""

visibility("private")

_AWAY = "; a CPU that is to go while the test runs, with the op OfflineCpu"
_FEWER = "the guest would boot with CPUs off; say in topology how many there are" + _AWAY
_NO_SMT = ("the guest would boot with the second threads of its cores off; take a topology with " +
           "one thread per core, e.g. \"1n1l4c1t\"") + _AWAY

# Arguments that the machine or other attributes decide, and which of those
# (Documentation/admin-guide/kernel-parameters.txt).
_RESERVED = {
    "console": "the runner reads the console from ttyS0",
    "disable_cpu_apicid": _FEWER,
    "init": "the guest's agent is PID 1",
    "initrd": "use layers",
    "maxcpus": _FEWER,
    "mem": "use memory_mb",
    "nolapic": _FEWER,
    "nosmp": _FEWER,
    "nr_cpus": _FEWER,
    "numa": "use topology",
    "panic": "a panic ends the guest, and the runner reports it",
    "possible_cpus": _FEWER,
    "rdinit": "the guest's agent is PID 1",
    "root": "the guest runs from its initramfs",
}

def karg_problem(karg, threads):
    """Says why a guest cannot have an argument on its kernel's command line.

    Args:
      karg: string, e.g. "maxcpus=2".
      threads: how many threads each core of the topology has.

    Returns:
      Words, or None.
    """
    name, _, value = karg.partition("=")
    name = name.replace("-", "_")

    # Also as a part of what mitigates a flaw of the processor: `l1tf=full,nosmt`.
    if threads > 1 and (name == "nosmt" or "nosmt" in value.split(",")):
        return _NO_SMT
    return _RESERVED.get(name)
