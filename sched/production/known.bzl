# SPDX-License-Identifier: Apache-2.0
"""Tests that do not pass, and whose that is: what //tests/production:table expects, and shows.

`tests` maps functions, or "*" for all, to the kind that is found first; `scenarios` is their page. Without
`scenarios` an entry holds for all pages, without `topologies` on all of them, without `kernels` ("6.12") on
all of those, too.
"""

visibility(["//sched/production"])

KNOWN = [
    {
        "kernels": ["6.12"],
        "scheduler": "scx_lavd",
        "tests": {"*": "scheduler_not_loaded"},
        "whose": "the scheduler's",
        "why": "It wants a kernel with CONFIG_CPU_FREQ, which our guests' do not have (guest.config): libbpf says " +
               "`extern (var ksym) 'cpufreq_cpu_data': not found in kernel BTF`. `update_effective_capacity` of " +
               "its power.bpf.c declares that variable without `__weak`, though it asks whether it is there, " +
               "as it does with `hw_pressure`, which is weak. Its Cargo.toml leaves 6.12 out of its " +
               "authors' own tests besides (`blocklist`).",
    },
    {
        "scheduler": "scx_rusty",
        "scenarios": "weights",
        "tests": {"nice_levels": "unfair"},
        "whose": "the scheduler's",
        "why": "Weights count for little among tasks that never sleep. A task's deadline is its vruntime, " +
               "scaled by weight, and `100 / 18` times its average run time, which is not scaled for who wakes " +
               "nobody (`task_compute_dl` of its main.bpf.c), and which for a spinner comes near all that it " +
               "ran, since only a wake-up begins the sum anew (`rusty_runnable`). The heavier task's vruntime " +
               "is besides kept within a slice of the lighter one's (`clamp_task_vtime`). Seen on `1n1l2c1t`: of " +
               "three spinners, two of weight 1024 and one of 335, each got 33 % in slices of 20 ms " +
               "(`slice_us`), where scx_bpfland and scx_simple gave the third 14 to 15 %, as the weights say.",
    },
]

def passes(scheduler, scenarios, topology):
    """Whether all tests of a target are expected to pass on Linux 6.12.

    Args:
      scheduler: the crate's name.
      scenarios: a page of //sched/scenarios.
      topology: NnNlNcNt.

    Returns:
      False where KNOWN has one of them.
    """
    return not [
        entry
        for entry in KNOWN
        if entry["scheduler"] == scheduler and entry.get("scenarios", scenarios) == scenarios and
           topology in entry.get("topologies", [topology]) and "6.12" in entry.get("kernels", ["6.12"])
    ]
