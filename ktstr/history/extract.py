# SPDX-License-Identifier: Apache-2.0
"""What a history keeps of a result, taken out of it."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Iterator

from ktstr.history.entry import Entry, Facts, FigureKey, Host, Variant
from ktstr.history.figures import packed
from ktstr.history.whole import compressed
from ktstr.model.errors import UsageError
from ktstr.result import result_pb2
from ktstr.result.characters import one_line
from ktstr.result.read import result_of_bytes
from ktstr.result.write import facts_bytes

_MESSAGE_CHARS = 300
_LARGEST = 1e150
# `figures` came with it (docs/results.md); those before have nothing that could be compared.
_FIRST_WITH_FIGURES = 4
_UNKNOWN = "unknown"
# the subject of figures of the guest's root cgroup; those of all workers have none
_ROOT = "/"
# notes of a result's host (ktstr/runner/host/tuning.py)
_GOVERNOR, _MITIGATIONS, _THP = "cpu governor", "mitigations", "transparent hugepages"


def entry_of(content: bytes, digest: bytes, place: str) -> Entry:
    """What is kept of a result.pb whose SHA-256 is `digest`.

    Raises:
        UsageError: it is no result, or one of another schema; the message names `place`.
    """
    result = _parsed(content, place)
    identity, host = result.identity, result.host
    variant = Variant(
        label=one_line(identity.label),
        test=one_line(identity.test),
        source=one_line(identity.source),
        topology=one_line(identity.topology.asked),
        kernel=one_line(identity.kernel.label.removeprefix("@@")),
        scheduler=one_line(identity.scheduler.label.removeprefix("@@")),
        accel=one_line(identity.accelerator.name),
    )
    whole = facts_bytes(result)
    return Entry(
        digest=digest,
        variant=variant,
        facts=_facts(result, hashlib.sha256(whole).digest()),
        host=_host(host),
        started=one_line(host.started_at),
        wall_s=next((each.seconds for each in host.wall if each.name == "total"), 0.0),
        load=host.load_average[0] if host.load_average else 0.0,
        whole=compressed(whole),
    )


def _parsed(content: bytes, place: str) -> result_pb2.Result:
    result = result_of_bytes(content, place)
    if not result.identity.label:
        raise UsageError(f"{place} holds no result of a test: it has no label")
    if result.schema_version < _FIRST_WITH_FIGURES:
        raise UsageError(
            f"{place} is of schema version {result.schema_version}, which has no figures to keep: "
            f"those of {_FIRST_WITH_FIGURES} and later have"
        )
    return result


def _facts(result: result_pb2.Result, digest: bytes) -> Facts:
    identity = result.identity
    # what is no number cannot be compared, and JSON does not know it; nor has the rest a square
    figures = [each for each in _figures(result) if abs(each[1]) <= _LARGEST]
    detail = result.details[0] if result.details else None
    return Facts(
        digest=digest,
        inputs=_inputs(identity, result.host.start),
        seed=str(identity.seed),
        release=one_line(identity.kernel.release),
        vmlinux=identity.kernel.vmlinux.sha256,
        layer=identity.scheduler.layer.sha256,
        schema_version=result.schema_version,
        verdict=_name(result_pb2.Verdict, result.verdict),
        cause=_name(result_pb2.Kind, detail.kind).lower() if detail else "",
        message=one_line(detail.message)[:_MESSAGE_CHARS] if detail else "",
        names=json.dumps([key for key, _ in figures], separators=(",", ":"), ensure_ascii=False),
        values=packed(array("d", (value for _, value in figures))),
    )


def _figures(result: result_pb2.Result) -> Iterator[tuple[FigureKey, float]]:
    for each in result.figures:
        in_step = each.HasField("step")
        key = FigureKey(
            name=one_line(each.name),
            unit=one_line(each.unit),
            polarity=each.polarity or _UNKNOWN,
            subject=(one_line(each.cgroup) or _ROOT) if each.HasField("cgroup") else "",
            step=each.step if in_step else None,
            scenario=each.scenario if in_step and each.scenario else None,
        )
        yield key, each.value
    for payload in result.payloads:
        subject = f"payload {one_line(payload.payload)}#{payload.index}"
        for metric in payload.metrics:
            # what nobody has hinted at may be a time of day, or a process's number
            if metric.hinted:
                key = FigureKey(
                    one_line(metric.name),
                    one_line(metric.unit),
                    metric.polarity or _UNKNOWN,
                    subject,
                    payload.step if payload.HasField("step") else None,
                    None,
                )
                yield key, metric.value


def _inputs(identity: result_pb2.Identity, start: result_pb2.Host.Start) -> bytes:
    """A digest of all that a run in virtual time depends on; of its saved guest, too."""
    parts = [
        start.kind,
        start.template,
        identity.plan_digest,
        str(identity.seed),
        identity.accelerator.name,
        identity.kernel.vmlinux.sha256,
        identity.scheduler.layer.sha256,
        identity.qemu.sha256,
        identity.machine,
        identity.own_layer,
        *(layer.sha256 for layer in (*identity.initramfs, *identity.brought)),
        *(patch.sha256 for patch in identity.patches),
    ]
    return hashlib.sha256("\0".join(parts).encode()).digest()


def _host(host: result_pb2.Host) -> Host:
    notes = {each.name: one_line(each.text) for each in host.notes}
    return Host(
        hostname=one_line(host.hostname),
        kernel=one_line(host.kernel),
        cpu_model=one_line(host.cpu_model),
        cpus=host.cpus,
        governor=notes.get(_GOVERNOR, ""),
        mitigations=notes.get(_MITIGATIONS, ""),
        thp=notes.get(_THP, ""),
    )


def _name(enum: type[result_pb2.Verdict] | type[result_pb2.Kind], number: int) -> str:
    value = enum.DESCRIPTOR.values_by_number.get(number)
    return str(value.name) if value is not None else f"NUMBER_{number}"
