# SPDX-License-Identifier: Apache-2.0
"""Workloads and farms for hypothesis."""

from hypothesis import strategies as st

from tools.scale.farm import Costs, Farm, Machines
from tools.scale.workload import Bundle, Kind, Task, Workload

SECONDS = st.integers(1, 100).map(float)


@st.composite
def workloads(draw: st.DrawFn, most: int = 12, kinds: tuple[Kind, ...] = tuple(Kind)) -> Workload:
    """Up to `most` tasks, of which each may need some before it and reads some of three bundles."""
    tasks: list[Task] = []
    for number in range(draw(st.integers(0, most))):
        before = st.integers(0, number - 1) if number else st.nothing()
        needs = draw(st.sets(before, max_size=2)) if number else set()
        tasks.append(
            Task(
                name=f"//t:{number}",
                kind=draw(st.sampled_from(kinds)),
                seconds=draw(SECONDS),
                needs=tuple(sorted(needs)),
                bundles=tuple(sorted(draw(st.sets(st.integers(0, 2), max_size=3)))),
                output_bytes=draw(st.integers(0, 10)),
                guests=draw(st.integers(0, 3)),
            )
        )
    return Workload(tuple(tasks), (Bundle(10), Bundle(20), Bundle(30)))


def free(slots: int) -> Farm:
    """One machine with a core for each of its slots, where nothing costs anything."""
    return Farm((Machines(1, slots, slots, 4096),))


COSTS = st.builds(
    Costs,
    analysis_s=st.integers(0, 9).map(float),
    client_s=st.integers(0, 3).map(float),
    client_cores=st.integers(1, 3).map(float),
    client_jobs=st.integers(1, 20),
    dispatch_s=st.integers(0, 3).map(float),
    stage_s=st.integers(0, 3).map(float),
    transfer_bytes_s=st.integers(1, 50).map(float),
    cas_bytes_s=st.integers(50, 100).map(float),
)

FARMS = st.builds(
    Farm,
    machines=st.lists(
        st.builds(
            Machines,
            count=st.integers(1, 3),
            cores=st.integers(1, 4).map(float),
            jobs=st.integers(1, 4),
            memory_mib=st.sampled_from((1024, 4096)),
        ),
        min_size=1,
        max_size=2,
    ).map(tuple),
    shared_cores=st.sampled_from((0.0, 1.0, 2.0)),
    foreign=st.sampled_from((0.0, 1.5)),
    costs=COSTS,
)
