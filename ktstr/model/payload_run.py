# SPDX-License-Identifier: Apache-2.0
"""From a payload and what a test asks of it to one complete run; ops and builders share it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TypeVar

from ktstr.model.errors import UsageError
from ktstr.model.payload import MetricCheck, Payload, PayloadRun, is_finite

T = TypeVar("T")

_LONGEST_S = 1e9

# A live payload is known by its name and the managed cgroup it runs in (None: none of them).
Key = tuple[str, str | None]


def payload_named(payloads: Iterable[Payload], name: str) -> Payload:
    """The payload of this name.

    Raises:
        UsageError: there is none; those there are, are listed.
    """
    found = {payload.name: payload for payload in payloads}
    if name not in found:
        there = ", ".join(sorted(found)) or "none"
        raise UsageError(
            f"payload {name!r} is none of this target's; its `payloads` attribute has: {there}"
        )
    return found[name]


def compose_run(
    payload: Payload,
    args: Iterable[str] = (),
    checks: Iterable[MetricCheck] = (),
    cgroup: str | None = None,
    timeout: float | None = None,
    *,
    clear_args: bool = False,
    clear_checks: bool = False,
) -> PayloadRun:
    """The run with defaults first, then what was asked; `clear_*` leaves the defaults out.

    Raises:
        UsageError: an argument is no plain text or an unknown option, a check is none, the cgroup's
            name is no name below the managed parent, or the timeout is no time.
    """
    words = (*(() if clear_args else payload.default_args), *_several(payload, "args", args))
    _check_words(payload, words)
    asked = _several(payload, "checks", checks)
    for check in asked:
        if not isinstance(check, MetricCheck):
            raise UsageError(
                f"payload {payload.name!r}: check {check!r} is no check of ktstr.metric, such as "
                f'metric.Min("jobs.0.read.iops", 100)'
            )
    if timeout is not None:
        check_timeout(timeout)
    return PayloadRun(
        payload=payload.name,
        args=words,
        checks=(*(() if clear_checks else payload.default_checks), *asked),
        cgroup=payload_cgroup(cgroup),
        timeout_s=timeout,
    )


def payload_cgroup(name: str | None) -> str | None:
    """The managed cgroup that `name` means: a leading slash is no part of it.

    Raises:
        UsageError: the name is no text, empty, holds a NUL or line break, or an empty, `.` or `..`
            part.
    """
    if name is None:
        return None
    if not isinstance(name, str):
        raise UsageError(f"cgroup name {name!r} is {type(name).__name__}, no text")
    stripped = name.lstrip("/")
    if not stripped:
        raise UsageError(
            f"cgroup name {name!r} is empty or means the parent of all of them; name one below it"
        )
    if "\0" in stripped or "\n" in stripped:
        raise UsageError(f"cgroup name {name!r} holds a NUL or a line break")
    if any(part in ("", ".", "..") for part in stripped.split("/")):
        raise UsageError(
            f"cgroup name {name!r} holds an empty part, '.' or '..'; a payload stays below the "
            f"test's own cgroups"
        )
    return stripped


def check_timeout(seconds: float) -> None:
    """Refuses what is no limit.

    Raises:
        UsageError: `seconds` is no number, not above 0, or more than a clock of ns can hold.
    """
    if not is_finite(seconds) or not 0 < seconds <= _LONGEST_S:
        raise UsageError(
            f"timeout is {seconds!r}; it must be finite and above 0, and at most {_LONGEST_S:g} "
            f"(guest seconds)"
        )


def live_key(live: Collection[Key], name: str, cgroup: str | None) -> Key:
    """The live payload that `name` and `cgroup` mean.

    Without a cgroup it is the one that runs in none, else the only one of that name.

    Raises:
        UsageError: none is meant, or several.
    """
    cgroup = payload_cgroup(cgroup)
    if (name, cgroup) in live:
        return name, cgroup
    same = sorted((key for key in live if key[0] == name), key=describe_key)
    if cgroup is None and len(same) == 1:
        return same[0]
    if cgroup is None and same:
        names = ", ".join(map(describe_key, same))
        raise UsageError(f"payload {name!r} runs more than once: {names}; say which by `cgroup`")
    there = ", ".join(sorted(map(describe_key, live))) or "none"
    raise UsageError(
        f"payload {describe_key((name, cgroup))} does not run at this point; running: {there}"
    )


def describe_key(key: Key) -> str:
    """`'fio' in cgroup 'cg_0'`."""
    name, cgroup = key
    return repr(name) if cgroup is None else f"{name!r} in cgroup {cgroup!r}"


def _several(payload: Payload, what: str, values: Iterable[T]) -> tuple[T, ...]:
    # a text would be taken apart into its letters
    if isinstance(values, str):
        raise UsageError(
            f"payload {payload.name!r}: {what} are the text {values!r}; write a tuple: "
            f"({values!r},)"
        )
    if not isinstance(values, Iterable):
        raise UsageError(f"payload {payload.name!r}: {what} are {values!r}; write a tuple")
    return tuple(values)


def _check_words(payload: Payload, words: tuple[str, ...]) -> None:
    for word in words:
        if not isinstance(word, str):
            raise UsageError(
                f"payload {payload.name!r}: argument {word!r} is {type(word).__name__}, no text"
            )
        if "\0" in word:
            raise UsageError(f"payload {payload.name!r}: argument {word!r} holds a NUL")
        try:
            word.encode(errors="surrogateescape")
        except UnicodeEncodeError as error:
            raise UsageError(
                f"payload {payload.name!r}: argument {word!r} cannot be written as UTF-8"
            ) from error
        if word == "--":
            break  # what follows are operands, whatever they look like
        if payload.known_flags is not None and not _is_known(word, payload.known_flags):
            known = ", ".join(sorted(payload.known_flags)) or "none"
            raise UsageError(
                f"payload {payload.name!r}: option {word.partition('=')[0]!r} is not among its "
                f"known_flags: {known}; add it there if the program has it"
            )


def _is_known(word: str, flags: tuple[str, ...]) -> bool:
    # "-" is a file, "-5" a number: both are operands
    if not word.startswith("-") or word == "-" or word[1].isdigit():
        return True
    if word.partition("=")[0] in flags:
        return True
    # a short option may carry its value: -t4
    return not word.startswith("--") and word[:2] in flags
