# SPDX-License-Identifier: Apache-2.0
"""The catalogue's tests for a scheduler."""

load("//rules:defs.bzl", "ktstr_test")

visibility("public")

# The pages, and into how many shards their tests divide; "numa" needs two nodes and is not here.
PAGES = {
    "advanced": 2,
    "affinity": 2,
    "basic": 1,
    "cpuset": 2,
    "dynamic": 1,
    "generated": 1,
    "interaction": 2,
    "nested": 1,
    "performance": 1,
    "sched_class": 1,
    "stall": 1,
    "stress": 2,
}

def catalogue_tests(scheduler = None, topology = "1n2l2c1t", pages = PAGES, prefix = "", **kwargs):
    """A ktstr_test for each page of the catalogue: `catalogue_PAGE_TOPOLOGY_test`.

    Args:
      scheduler: label of an scx_scheduler; None for the kernel's own.
      topology: NnNlNcNt; a scenario that needs more than that is skipped.
      pages: their names, "numa" among them where the topology has two nodes.
      prefix: of the targets' names, for one of several schedulers in a package.
      **kwargs: what ktstr_test takes.
    """
    for page in pages:
        ktstr_test(
            name = "{}catalogue_{}_{}_test".format(prefix, page, topology),
            srcs = [Label("//ktstr/scenarios/catalogue:{}.py".format(page))],
            scheduler = scheduler,
            shard_count = PAGES.get(page, 1),
            topology = topology,
            **kwargs
        )
