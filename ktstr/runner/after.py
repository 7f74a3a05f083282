# SPDX-License-Identifier: Apache-2.0
"""Has the `after` function of a test look at its outcome, and keeps its sources for later."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ktstr.after.call import with_after
from ktstr.after.saved import NAME, sources_of, text_of
from ktstr.execute.outcome import Outcome
from ktstr.execute.source import Source
from ktstr.machine.output import write_atomically
from ktstr.model.errors import KtstrError
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.runner.cases.case import Case


def after(outcome: Outcome, case: Case, sources: Iterable[Source], folder: Path) -> Outcome:
    """The outcome, which may fail by it; `folder` gets the sources, for `ktstr rejudge`."""
    try:
        files = {each.name: each.path for each in sources}
        saved = sources_of(case.name, case.source, case.after, files)
        with write_atomically(folder / NAME) as file:
            file.write(text_of(saved))
        return replace(outcome, judgement=with_after(outcome.run, outcome.judgement, saved))
    except KtstrError as error:
        detail = Detail(Kind.INFRA, f"after={case.after}: {error}", Verdict.INCONCLUSIVE)
        judgement = outcome.judgement
        if judgement.verdict is not Verdict.PASS:
            return outcome  # what it has failed by stands
        details = (detail, *judgement.details)
        return replace(
            outcome, judgement=replace(judgement, verdict=Verdict.INCONCLUSIVE, details=details)
        )
