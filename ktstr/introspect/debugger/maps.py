# SPDX-License-Identifier: Apache-2.0
"""BPF maps of a guest, and what is in them.

How a kind of map keeps its elements is that of kernel/bpf/arraymap.c, hashtab.c,
bpf_local_storage.c, arena.c and bpf_struct_ops.c, Linux 6.12 and 7.2. Kinds that are not among
them have a name and types, and no elements here: `Map.unreadable` says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ktstr.introspect.debugger.members import bytes_of
from ktstr.introspect.debugger.objects import Btfs
from ktstr.introspect.debugger.value import Value, simple
from ktstr.introspect.kernel.btf import Btf, Kind
from ktstr.introspect.kernel.errors import BtfError, UnknownName
from ktstr.introspect.kernel.layout import place_of
from ktstr.introspect.memory.memory import MemoryFault
from ktstr.introspect.snapshot.view import View

# elements that are looked at for one question
_MOST = 1 << 20
_LARGEST_VALUE = 64 << 20
# KMALLOC_MAX_SIZE (include/linux/slab.h), which an element of a hash lies within
_LARGEST_KEY = 4 << 20
_ARRAYS = ("ARRAY", "PERCPU_ARRAY")
_HASHES = ("HASH", "LRU_HASH", "PERCPU_HASH", "LRU_PERCPU_HASH")
_STORAGES = ("TASK_STORAGE",)
_MASK = (1 << 64) - 1
_GUARD = 64 << 10

Key = int | bytes
# what an element is asked for by: also the numbers of a structure's members, in their order
Asked = Key | tuple[int, ...]


@dataclass(frozen=True)
class Map:
    """One map. `kind` is its type without BPF_MAP_TYPE_; sizes are in bytes.

    key_type, value_type: numbers in `btf`; 0 where it came without.  ops_type: of STRUCT_OPS, the
    number in the kernel's own types.
    types: the address of what came with these, 0 for none: that of one object file.
    problem: why its types cannot be read, though it has some; empty where they can.
    """

    view: View
    address: int
    number: int
    name: str
    kind: str
    key_size: int
    value_size: int
    entries: int
    btf: Btf | None
    key_type: int
    value_type: int
    types: int
    ops_type: int = 0
    problem: str = ""

    @property
    def unreadable(self) -> str:
        """Why its elements are not read here; empty where they are."""
        if self.kind in (*_ARRAYS, *_HASHES, *_STORAGES, "STRUCT_OPS"):
            return ""
        return f"elements of a map of type {self.kind} are not read"

    @property
    def per_cpu(self) -> bool:
        return self.kind.startswith(("PERCPU_", "LRU_PERCPU_"))

    @property
    def is_section(self) -> bool:
        """Whether it holds a program's variables: .bss, .data, .rodata."""
        kind = self.btf.resolve(self.value_type).kind if self.btf and self.value_type else Kind.VOID
        return kind is Kind.DATASEC

    def __getitem__(self, key: Asked) -> Any:
        """The element of a key: an index, a PID of task storage, a number or bytes of a hash.

        Of a hash whose keys are structures also the numbers of all members: `map[3, -1]`.

        Of maps with a value for each CPU, all of them, by CPU.

        Raises:
          UnknownName: there is no such element, or elements of this kind of map are not read.
          MemoryFault: it cannot be read.
        """
        addresses = self.addresses(key)
        if self.per_cpu:
            return [simple(self.value_at(address)) for address in addresses]
        return simple(self.value_at(addresses[0]))

    def value(self, key: Asked, cpu: int = 0) -> Value:
        """The element as it lies in the guest, to be written into. Raises as `[key]` does."""
        addresses = self.addresses(key)
        at = cpu if self.per_cpu else 0
        if not 0 <= at < len(addresses):
            raise UnknownName(str(cpu), f"map {self.name!r} has {len(addresses)} CPUs, not {cpu}")
        return self.value_at(addresses[at])

    def addresses(self, key: Asked) -> list[int]:
        """Where the element of a key lies; for each CPU where it has one for each."""
        if self.unreadable:
            raise UnknownName(self.name, f"map {self.name!r}: {self.unreadable}")
        asked = key
        if isinstance(key, tuple):
            key = self._key_of(key)
        if self.kind in _ARRAYS:
            index = int.from_bytes(key, "little") if isinstance(key, bytes) else key
            if not 0 <= index < self.entries:
                raise UnknownName(
                    self.name, f"map {self.name!r} has {self.entries} elements, and no {index}"
                )
            return next(self._array((index,)))
        wanted = (key, _as_bytes(key, self.key_size))
        for found, addresses in self.elements():
            if found in wanted:
                return addresses
        raise UnknownName(self.name, f"map {self.name!r} has no element {asked!r}")

    def elements(self) -> Iterator[tuple[Key, list[int]]]:
        """Keys and places of all elements. Keys of a hash are bytes, others numbers.

        Raises:
          MemoryFault: they cannot be read, or do not end.
          UnknownName: this kernel keeps such a map otherwise.
        """
        if self.kind in _ARRAYS:
            indices = range(min(self.entries, _MOST))
            yield from zip(indices, self._array(indices), strict=True)
        elif self.kind in _HASHES:
            yield from self._hash()
        elif self.kind in _STORAGES:
            yield from self._storage()
        elif self.kind == "STRUCT_OPS":
            at = self.view.kernel.field("bpf_struct_ops_map", "kvalue.data").offset
            yield 0, [self.address + at]

    def in_arena(self, address: int) -> int:
        """The kernel's address of what a program knows by `address`; itself outside of this arena.

        The lower half of a program's address says where in the arena it is, and the kernel has it
        half a guard of 64 KiB behind its own mapping's beginning (kernel/bpf/arena.c).
        """
        view = self.view
        start = view.number(self.address, "bpf_arena", "user_vm_start")
        end = view.number(self.address, "bpf_arena", "user_vm_end")
        if not start <= address < end:
            return address
        mapped = view.number(self.address, "bpf_arena", "kern_vm")
        return view.number(mapped, "vm_struct", "addr") + _GUARD // 2 + (address & 0xFFFF_FFFF)

    def json(self, most: int = 256) -> dict[str, Any]:
        """What it is, and its first `most` elements; `more` says how many are left out.

        Elements that cannot be read, or whose types are corrupt, end the list with a `problem`.
        """
        found: dict[str, Any] = {
            "name": self.name,
            "id": self.number,
            "type": self.kind,
            "key_size": self.key_size,
            "value_size": self.value_size,
            "max_entries": self.entries,
        }
        elements: list[dict[str, Any]] = []
        places: list[tuple[Key, list[int]]] = []
        # how many an array has is known without a look at each
        is_array = self.kind in _ARRAYS
        try:
            for place in islice(self.elements(), most) if is_array else self.elements():
                places.append(place)
        except (MemoryFault, UnknownName) as problem:
            found["problem"] = str(problem)
        # a hash has no order of its own, and a difference of two should have none of its making
        places.sort(key=lambda place: _order(place[0]))
        try:
            for key, addresses in places[:most]:
                values = [self.value_at(address).json() for address in addresses]
                part = {"values": values} if self.per_cpu else {"value": values[0]}
                elements.append({"key": self._key_json(key)} | part)
        except (MemoryFault, BtfError, UnknownName) as problem:
            found["problem"] = str(problem)
        if self.unreadable:
            found["problem"] = self.unreadable
        found["elements"] = elements
        left_out = (self.entries if is_array else len(places)) - most
        return found | ({"more": left_out} if left_out > 0 else {})

    def _key_of(self, numbers: tuple[int, ...]) -> bytes:
        """A key with these members.

        Raises:
          UnknownName: its keys are no structures, or of others; the members are named.
        """
        if self.kind not in _HASHES:
            raise UnknownName(self.name, f"map {self.name!r} has keys of one number")
        if self.btf is None or not self.key_type:
            raise UnknownName(self.name, f"map {self.name!r} has no types of its keys: give bytes")
        try:
            return bytes_of(self.btf, self.key_type, numbers)
        except UnknownName as error:
            raise UnknownName(self.name, f"map {self.name!r}: a key {error}") from None

    def _key_json(self, key: Key) -> Any:
        if not isinstance(key, bytes):
            return key
        if self.btf is not None and self.key_type:
            return Value(self.btf, self.key_type, key).json()
        return key.hex()

    def value_at(self, address: int) -> Value:
        """What lies at one of `addresses`. Raises MemoryFault; UnknownName where it has no type."""
        btf, of, size = self._typed()
        return Value(btf, of, self.view.memory.read(address, size), address)

    def _typed(self) -> tuple[Btf, int, int]:
        if self.kind == "STRUCT_OPS":
            kernel = self.view.kernel.btf
            place = place_of(kernel, self.ops_type, ["data"])
            if place is None:
                raise UnknownName(self.name, f"map {self.name!r} holds no ops of the kernel's")
            return kernel, place.type, kernel.size(place.type)
        if self.btf is None or not self.value_type:
            why = f": {self.problem}" if self.problem else ""
            raise UnknownName(self.name, f"map {self.name!r} has no types of its values{why}")
        if self.value_size > _LARGEST_VALUE:
            raise MemoryFault("read", self.address, self.value_size, "too much for a value")
        return self.btf, self.value_type, self.value_size

    def _array(self, indices: Iterable[int]) -> Iterator[list[int]]:
        """Where the elements of an array with these indices lie."""
        view = self.view
        if self.kind == "ARRAY":
            size = view.number(self.address, "bpf_array", "elem_size")
            start = self.address + view.kernel.field("bpf_array", "value").offset
            yield from ([start + size * index] for index in indices)
            return
        start = self.address + view.kernel.field("bpf_array", "pptrs").offset
        for index in indices:
            yield self._each_cpu(view.u64(start + 8 * index))

    def _hash(self) -> Iterator[tuple[Key, list[int]]]:
        """Chains of buckets end with an odd word (include/linux/list_nulls.h)."""
        view, kernel = self.view, self.view.kernel
        buckets = view.number(self.address, "bpf_htab", "buckets")
        count = view.number(self.address, "bpf_htab", "n_buckets")
        size = kernel.size_of("bucket")
        if count > _MOST:
            raise MemoryFault("walk", buckets, size, f"{count} buckets of map {self.name!r}")
        heads = view.memory.read(buckets, size * count)
        key = kernel.field("htab_elem", "key").offset
        behind = key + -(-self.key_size // 8) * 8
        for bucket in range(count):
            first = int.from_bytes(heads[size * bucket : size * bucket + 8], "little")
            if first & 1 or not first:
                continue
            chain = view.hlist(first, self.entries + 1)
            for element in chain:
                found = view.memory.read(element + key, self.key_size)
                at = element + behind
                yield found, self._each_cpu(view.u64(at)) if self.per_cpu else [at]
            if chain.problem:
                raise MemoryFault("walk", first, 8, f"map {self.name!r}: {chain.problem}")

    def _storage(self) -> Iterator[tuple[Key, list[int]]]:
        """By the PID of the task that each value belongs to."""
        view, kernel = self.view, self.view.kernel
        buckets = view.number(self.address, "bpf_local_storage_map", "buckets")
        bits = view.number(self.address, "bpf_local_storage_map", "bucket_log")
        size = kernel.size_of("bpf_local_storage_map_bucket")
        if bits > 20:
            raise MemoryFault("walk", buckets, size, f"2^{bits} buckets of map {self.name!r}")
        data = (
            kernel.field("bpf_local_storage_elem", "sdata").offset
            + kernel.field("bpf_local_storage_data", "data").offset
        )
        for bucket in range(1 << bits):
            first = view.u64(buckets + size * bucket)
            chain = view.hlist(first, _MOST) if first else ()
            for element in chain:
                storage = view.number(element, "bpf_local_storage_elem", "local_storage")
                owner = view.number(storage, "bpf_local_storage", "owner")
                yield view.number(owner, "task_struct", "pid"), [element + data]

    def _each_cpu(self, pointer: int) -> list[int]:
        """Where a per-CPU pointer leads, for each CPU that there may be."""
        view = self.view
        count = view.u32(view.kernel.symbol("nr_cpu_ids"))
        offsets = view.kernel.symbol("__per_cpu_offset")
        table = view.memory.read(offsets, 8 * min(count, 4096))
        return [(pointer + each) & _MASK for each in memoryview(table).cast("Q")]


def map_at(view: View, btfs: Btfs, address: int) -> Map:
    """The map of a `struct bpf_map`.

    Raises:
      MemoryFault: it cannot be read.
      UnknownName: this kernel has no such type.
    """
    found = view.read(
        address,
        view.shape(
            "bpf_map",
            (
                "map_type", "key_size", "value_size", "max_entries", "id", "btf",
                "btf_key_type_id", "btf_value_type_id", "btf_vmlinux_value_type_id",
            ),
        ),
    )  # fmt: skip
    kinds = {
        number: label.removeprefix("BPF_MAP_TYPE_")
        for one in view.kernel.enums("bpf_map_type")
        for label, number in reversed(one.values)
    }
    name = view.text(address + view.kernel.field("bpf_map", "name").offset, 16)
    btf, problem = None, ""
    try:
        btf = btfs.at(found["btf"]) if found["btf"] else None
    except (BtfError, MemoryFault) as error:
        problem = str(error)
    return Map(
        view,
        address,
        found["id"],
        name,
        kinds.get(found["map_type"], str(found["map_type"])),
        found["key_size"],
        found["value_size"],
        found["max_entries"],
        btf,
        found["btf_key_type_id"],
        found["btf_value_type_id"],
        found["btf"],
        found["btf_vmlinux_value_type_id"],
        problem,
    )


def _order(key: Key) -> int:
    return int.from_bytes(key, "little") if isinstance(key, bytes) else key


def _as_bytes(key: Key, size: int) -> bytes | None:
    """A number as a key of a hash has it; None where it does not fit."""
    # the size is the guest's word: a power of two of so many bits would take a minute to make
    if isinstance(key, bytes) or size > _LARGEST_KEY:
        return None
    negative = key < 0
    if (key + negative).bit_length() + negative > 8 * size:
        return None
    return key.to_bytes(size, "little", signed=key < 0)
