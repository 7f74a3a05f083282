# SPDX-License-Identifier: Apache-2.0
"""A run of many tests in Markdown, for the page of a CI's job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ktstr.report.advice import commands, files_to_read
from ktstr.report.text import headline, verdict_name
from ktstr.result import result_pb2
from ktstr.result.characters import printable
from ktstr.result.markup import code

_BAD = {result_pb2.FAIL: 0, result_pb2.INCONCLUSIVE: 1}
_MOST_DETAILS = 10


def summary_of(results: Sequence[result_pb2.Result], limit: int) -> Iterator[str]:
    """Its lines; at most `limit` failures with their causes, files and commands, 0: all."""
    bad = sorted(
        (each for each in results if each.verdict in _BAD), key=lambda each: _BAD[each.verdict]
    )
    yield f"### ktstr: {f'{len(bad)} of {len(results)}' if bad else 'none'} did not pass"
    yield ""
    counts = Counter(verdict_name(each.verdict) for each in results)
    yield f"{', '.join(f'{count} {name}' for name, count in sorted(counts.items()))}."
    for each in bad[:limit] if limit else bad:
        yield ""
        yield from _failure(each)
    if limit and len(bad) > limit:
        yield ""
        yield f"... and {len(bad) - limit} more."
    if bad:
        yield ""
        yield f"Again, with the same seeds: {code('ktstr replay --last')}"


def _failure(result: result_pb2.Result) -> Iterator[str]:
    yield f"<details><summary>{code(headline(result))}</summary>"
    yield ""
    for each in result.details[:_MOST_DETAILS]:
        first = (printable(each.message).strip().splitlines() or [""])[0]
        yield f"- {code(first)}"
    if len(result.details) > _MOST_DETAILS:
        yield f"- ... and {len(result.details) - _MOST_DETAILS} more"
    yield f"- {code(files_to_read(result))}"
    for line in commands(result):
        yield f"- {code(line)}"
    yield ""
    yield "</details>"
