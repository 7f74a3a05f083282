# SPDX-License-Identifier: Apache-2.0
"""A guest that is looked into runs as one that is not: all that both say is the same to the byte.

    tools/bazel run //tests/determinism:probed -- [--guests=50] [--kinds=off,all] [--start=cold]
        [--record=FILE] [--sum] [CONFIG...]

A CONFIG is the NAME.config.json of a target, as a runfiles path; without one all twelve are run:
EEVDF and fifo on 1, 4 and 8 vCPUs, on QEMU 10.0 and 11.1. Compared is every byte at the frames port
and on the console, of guests without QEMU's plugin for probes, with one that never finds its place,
with hot probes, with those and a guest that is held now and again, and with all that ktstr itself
looks at.

That takes hours. With --record a line of FILE is kept for each guest, with the digest of all that
it was made of and of who looked: another session goes on from there, for guests of the same inputs,
up to --guests of each kind. Files of several machines add up by `cat`. --sum runs none, says what
is in FILE, and fails where guests differ or lack.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from absl import app, flags

from ktstr.execute.outcome import Outcome
from ktstr.host.start import StartKind
from ktstr.introspect.plugin.part import Looked
from ktstr.machine.prepared.accel import AccelChoice
from ktstr.model.errors import UsageError
from ktstr.record.run import RunRecord
from ktstr.runner.files import RunfilesTree
from ktstr.runner.identity import identity_of
from tests.determinism.guests import Alike, Guest, alike, append, lacking, read
from tests.introspect.plugin.looker import Looker
from tests.support.prepared import Prepared, prepared

_CONFIGS = [
    f"_main/tests/determinism/{scheduler}_{cpus}{qemu}_subject.config.json"
    for qemu in ("", "_qemu_11_1")
    for scheduler in ("eevdf", "fifo")
    for cpus in (1, 4, 8)
]
_LEAST_HITS = 2000
# how a guest is looked into, and by whom
KINDS: dict[str, Callable[[], tuple[Looker, ...] | None]] = {
    "off": lambda: (),
    "idle": lambda: (Looker(functions=("panic",), ticks=()),),
    "hot": lambda: (Looker(),),
    "held": lambda: (Looker(holds=300),),
    "all": lambda: None,
}
_STARTS = {"cloned": False, "cold": True}
_GUESTS = flags.DEFINE_integer("guests", 50, "Guests of each kind and target.", lower_bound=1)
_WHICH = flags.DEFINE_list("kinds", list(KINDS), "How they are looked into.")
_START = flags.DEFINE_enum("start", "both", ["both", *_STARTS], "How they come up.")
_RECORD = flags.DEFINE_string("record", None, "File that keeps what guests said, to go on from.")
_SUM = flags.DEFINE_bool("sum", False, "Run none, and say what is in the record.")


def said(target: Prepared, kind: str) -> str:
    """Digest of all that one guest of a target with one case said, which was looked into so.

    Raises:
      SystemExit: it did not come to its end, or came up or was looked into otherwise.
    """
    return _ran(target, kind)[0]


def _ran(target: Prepared, kind: str) -> tuple[str, RunRecord]:
    (case,), looks = target.cases, KINDS[kind]()
    outcomes: list[Outcome] = []
    replace(target.session, looks=looks).run((case,), outcomes.append)
    run = outcomes[0].run
    if run.end is None:
        raise SystemExit(f"no guest that came to its end: {outcomes[0].judgement}")
    cold = run.start is None or run.start.kind is StartKind.COLD
    if cold != target.target.fresh_boot:
        raise SystemExit(f"it came up otherwise than was asked for: {run.start}")
    for look in looks or ():
        _check(look, kind)
    probes = run.probes
    if (kind != "off") != bool(probes and probes.watched and not probes.problem):
        raise SystemExit(f"{kind}: {probes}")
    return hashlib.sha256(target.said(case.name)).hexdigest(), run


def _made_of(target: Prepared) -> str:
    """Digest of what all guests of a target are made of, and of the programs of who looks.

    Nothing of it is of this machine: neither paths nor the command that runs Bazel.
    """
    choice = AccelChoice(target.session.machine.accel, "")
    spec = target.session.machine.spec
    identity = identity_of(target.target, RunfilesTree().path, spec, choice)
    digest = hashlib.sha256(repr(replace(identity, bazel="")).encode())
    for name, content in _programs():
        digest.update(f"{name} {hashlib.sha256(content).hexdigest()} ".encode())
    return digest.hexdigest()


def _inputs(made_of: str, run: RunRecord) -> str:
    """The same with what is of a guest alone: its own layer, and whom it was cloned from."""
    saved = run.start.template if run.start is not None else ""
    return hashlib.sha256(f"{made_of} {run.own_layer} {saved}".encode()).hexdigest()


def _programs() -> Iterator[tuple[str, bytes]]:
    """All Python files of ours that are part of this program."""
    top = Path(os.path.abspath(__file__)).parents[2]
    for path in sorted((*(top / "ktstr").rglob("*.py"), *(top / "tests").rglob("*.py"))):
        yield str(path.relative_to(top)), path.read_bytes()


def _check(look: Looker, kind: str) -> None:
    (looked,) = look.looked or (Looked(problem=" ".join(look.refused)),)
    hits = sum(count.hits for count in looked.probes.values())
    # a guest on one CPU has the fewest: some 10,000
    wrong = hits > 0 if kind == "idle" else hits < _LEAST_HITS
    if looked.problem or not looked.probes or wrong or (kind == "held") != bool(look.held):
        raise SystemExit(f"{kind}: {looked.problem}, {looked.probes}, {len(look.held)} holds")


def main(argv: Sequence[str]) -> int:
    """Prints some lines for each target and start; returns 1 where two guests differed."""
    unknown = [kind for kind in _WHICH.value if kind not in KINDS]
    if unknown or not _WHICH.value:
        raise UsageError(f"--kinds={','.join(_WHICH.value)}: it takes some of {', '.join(KINDS)}")
    starts = [start for start in _STARTS if _START.value in ("both", start)]
    wanted = [(config, start) for config in argv[1:] or _CONFIGS for start in starts]
    record = _record()
    known = read(record) if record else []
    if _SUM.value:
        found = [each for each in alike(known) if (each.target, each.start) in wanted]
        lacks = list(lacking(found, wanted, _WHICH.value, _GUESTS.value))
        for group in found:
            _print(group)
        print("\n".join(lacks))
        return int(bool(lacks) or any(group.differ for group in found))
    differing = 0
    for config, start in wanted:
        group = _played(config, start, known, record)
        _print(group)
        differing += group.differ
    return int(differing > 0)


def _played(config: str, start: str, known: list[Guest], record: Path | None) -> Alike:
    """Runs the guests that lack, one at least, which tells what they are made of; adds to known."""
    count, kinds = _GUESTS.value, _WHICH.value
    mine: Alike | None = None
    # for a single guest none might be saved to clone it from
    guests = max(2, count * len(kinds))
    with prepared(config, lambda _: guests, fresh=_STARTS[start]) as target:
        made_of = _made_of(target)
        for kind in kinds:
            while mine is None or mine.number(kind) < count:
                digest, run = _ran(target, kind)
                inputs = _inputs(made_of, run)
                guest = Guest(secrets.token_hex(8), inputs, config, start, kind, digest)
                known.append(guest)
                if record is not None:
                    append(record, guest)
                mine = next(
                    each
                    for each in alike(known)
                    if (each.target, each.start, each.inputs) == (config, start, inputs)
                )
    assert mine is not None
    return mine


def _record() -> Path | None:
    """The file that is named, from where Bazel was called."""
    if _RECORD.value is None:
        if _SUM.value:
            raise UsageError("--sum says what is in a record: name its file with --record")
        return None
    return Path(os.environ.get("BUILD_WORKING_DIRECTORY", ".")) / _RECORD.value


def _print(group: Alike) -> None:
    print("\n".join(group.lines()), flush=True)


if __name__ == "__main__":
    app.run(main)
