# SPDX-License-Identifier: Apache-2.0
"""Loading a scheduler on a kernel as a test of its own."""

load("//rules/private/kernel:declared.bzl", "select_kernels")
load(":test.bzl", "ktstr_test")

visibility(["//rules"])

_BUDGETS = [
    "max_verified_insns",
    "max_verified_peak_states",
    "max_verified_stack_bytes",
    "max_verified_states",
    "max_verified_states_per_insn",
]

# So many steps of the verifier end in its refusal anyway.
_LIMIT = {"max_verified_insns": "1000000"}
_KINDS = ["", "scheduler_not_attached", "scheduler_not_loaded", "verifier_budget"]

def scx_verify_test(name, scheduler, budget = _LIMIT, expect_fail = "", kernels = None, **kwargs):
    """A test that a kernel's verifier takes a scheduler's BPF programs, at a bounded expense.

    The result tells for each program the verifier's steps, its states (in all, at once, at one
    instruction), its stack and the size of its code; where the scheduler has its own user space, its
    steps and size alone. `ktstr verifier` makes one table of schedulers and kernels of such results.
    A refusal is shown with the verifier's log, its loops told once, and the line of the source.

    Args:
      name: name of the test.
      scheduler: label of an scx_scheduler.
      budget: limits by the names of checks, each a number as text: max_verified_insns,
        max_verified_states, max_verified_peak_states, max_verified_states_per_insn and
        max_verified_stack_bytes. The dearest program counts.
      expect_fail: the kind of failure that this test is to show, e.g. `verifier_budget` or
        `scheduler_not_loaded`; empty: none.
      kernels: a list of kernel labels, or a dict of name to label: a test NAME/kernel_6_12 on each,
        which NAME runs all, so that `ktstr verifier` has a row of the grid. Left out: one test, on
        `kernel`, or on the default kernel.
      **kwargs: what ktstr_test takes: kernel, topology, scheduler_args and more.
    """
    for limit in budget:
        if limit not in _BUDGETS:
            fail("scx_verify_test(name = %r): budget has %r; it may have %s" % (name, limit, ", ".join(_BUDGETS)))
    if not budget:
        fail("scx_verify_test(name = %r): budget is empty; leave it out for the kernel's own limit" % name)
    if expect_fail not in _KINDS:
        fail("scx_verify_test(name = %r): expect_fail is %r; it may be %s" % (name, expect_fail, ", ".join(_KINDS[1:])))
    for given in ["srcs", "env"]:
        if given in kwargs:
            fail("scx_verify_test(name = %r): it has its own %s; use a ktstr_test for more" % (name, given))
    if kernels != None and "kernel" in kwargs:
        fail("scx_verify_test(name = %r): it has kernel and kernels; say all in kernels" % name)
    found, problem = select_kernels(kernels)
    if problem:
        fail("scx_verify_test(name = %r): %s" % (name, problem))
    for kernel in found:
        on = {"kernel": kernel.label} if kernel.label else {}
        ktstr_test(
            name = name + kernel.suffix,
            srcs = [Label("//ktstr/scenarios/verify:verify.py")],
            env = {"KTSTR_VERIFY": json.encode({"budget": budget, "expect_fail": expect_fail})},
            scheduler = scheduler,
            **(kwargs | on)
        )
    if len(found) > 1:
        native.test_suite(
            name = name,
            # others would choose among its tests
            tags = [tag for tag in kwargs.get("tags") or [] if tag == "manual"],
            tests = [name + kernel.suffix for kernel in found],
            visibility = kwargs.get("visibility"),
        )
