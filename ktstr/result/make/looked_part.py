# SPDX-License-Identifier: Apache-2.0
"""What was looked at because somebody asked: decisions, what calls cost, what code was reached."""

from __future__ import annotations

from collections import Counter

from ktstr.introspect.coverage.coverage import Coverage
from ktstr.record.run import RunRecord
from ktstr.result import result_pb2
from ktstr.result.characters import encodable
from ktstr.result.make.figures_part import call_figures


def add_looked_part(result: result_pb2.Result, run: RunRecord) -> None:
    """Adds to `result` what was asked for."""
    if run.coverage is not None:
        _add_coverage(result.coverage, run.coverage)
    if run.decisions is not None:
        made = run.decisions
        result.decisions.CopyFrom(
            result_pb2.Decisions(
                events=len(made.events),
                ended_ns=made.ended_ns,
                cut=made.cut,
                lacks=made.lacks,
                problem=encodable(made.problem),
            )
        )
    if run.op_costs is not None:
        result.figures.extend(call_figures(run.op_costs))
        result.op_costs.asleep.extend(run.op_costs.asleep)
        result.op_costs.problem = encodable(run.op_costs.problem)
        for cost in run.op_costs.costs:
            calls = Counter(cost.instructions)
            result.op_costs.costs.add(
                whose=cost.whose,
                count=cost.count,
                total=cost.total,
                p50=cost.percentile(50),
                p99=cost.percentile(99),
                max=cost.maximum,
                instructions=list(calls),
                calls=list(calls.values()),
            )


def _add_coverage(message: result_pb2.Coverage, coverage: Coverage) -> None:
    message.problem = encodable(coverage.problem)
    message.lacks.extend(map(encodable, coverage.lacks))
    for files, told, named in (
        (coverage.subject, message.subject, True),
        (coverage.kernel, message.kernel, False),
        (coverage.loader, message.loader, False),
    ):
        for each in files:
            told.add(
                path=encodable(each.path),
                lines=len(each.lines),
                lines_reached=each.reached_lines,
                functions=len(each.functions),
                functions_reached=len(each.functions) - len(each.missed),
                missed=map(encodable, each.missed) if named else (),
            )
