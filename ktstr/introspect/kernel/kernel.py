# SPDX-License-Identifier: Apache-2.0
"""One kernel: where its symbols are, and what its types look like."""

from __future__ import annotations

import mmap
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path

from ktstr.introspect.kernel import index as indexing
from ktstr.introspect.kernel.btf import COMPOUND, ENUMS, Btf, BtfType, Kind
from ktstr.introspect.kernel.elf import Elf
from ktstr.introspect.kernel.errors import KernelFileError, UnknownName
from ktstr.introspect.kernel.index import Index
from ktstr.introspect.kernel.layout import (
    Field,
    Place,
    field_of,
    member_names,
    place_of,
    steps_of,
)
from ktstr.introspect.kernel.symbols import Symbol, SymbolTable
from ktstr.model.nearest import did_you_mean

# of 60,000 names, those compared letter by letter
_COMPARED = 400


class Kernel:
    """What a host needs to know of a guest's kernel, which runs where it was linked (no KASLR).

    Made by `open`. Answers are of the file: nothing here has seen a running guest.
    """

    def __init__(self, elf: Elf, index: Index) -> None:
        self.elf = elf
        self._index = index
        self.release = bytes(index.release).decode("ascii", "replace")
        self.symbols = SymbolTable(elf)
        types = elf.bytes_of(".BTF")
        self._btf = Btf(types, index.type_offsets) if len(types) else None

    @classmethod
    def open(cls, vmlinux: Path, index: Path | None = None) -> Kernel:
        """A kernel by its file, and the index that a build action made of it.

        index: left out, it is made now, which takes a second.

        Raises:
          KernelFileError: one of the files cannot be read, or the index is not of this vmlinux.
          BtfError: the file's types contradict themselves.
        """
        elf = Elf(vmlinux)
        if index is None:
            data = memoryview(indexing.make(elf))
        else:
            try:
                with index.open("rb") as file:
                    data = memoryview(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ))
            except (OSError, ValueError) as error:  # an empty file cannot be mapped
                raise KernelFileError(f"{index}: cannot be read: {error}") from error
        return cls(elf, indexing.read(data, elf))

    @property
    def btf(self) -> Btf:
        """Raises UnknownName where the kernel was built without CONFIG_DEBUG_INFO_BTF."""
        if self._btf is None:
            raise UnknownName(
                "BTF",
                f"kernel {self.release} has no type information;"
                " build it with CONFIG_DEBUG_INFO_BTF=y",
            )
        return self._btf

    def symbol(self, name: str) -> int:
        """The address of a symbol; of a per-CPU variable, what __per_cpu_offset is added to.

        Raises:
          UnknownName: there is none of this name, or several that are not global.
        """
        return self._symbol(name).address

    def symbol_range(self, name: str) -> range:
        """All addresses of a function or variable. Raises as `symbol` does."""
        found = self._symbol(name)
        return range(found.address, found.address + found.size)

    def has_symbol(self, name: str) -> bool:
        """Whether `symbol` has an answer."""
        return len(self._candidates(name)) == 1

    def where(self, address: int) -> str:
        """The function that an address lies in, as `name+0x12`; a bare number outside of all."""
        at = bisect_right(self._index.code_addresses, address) - 1
        if at >= 0:
            # of several names for one place, that which says how far it goes
            start = self._index.code_addresses[at]
            names = []
            while at >= 0 and self._index.code_addresses[at] == start:
                names.append(self.symbols[self._index.code[at]])
                at -= 1
            best = max(names, key=lambda one: (one.size, one.is_global, one.name))
            if address < start + max(1, best.size):
                return f"{best.name}+{address - start:#x}"
        return f"{address:#x}"

    def field(self, struct: str, path: str) -> Field:
        """Where a member lies in a struct, a union, or a typedef of one.

        path: as in C: `se.avg.load_avg`, `a[2].b`; members of anonymous members count as its own.

        Raises:
          UnknownName: the kernel has no such type, or that no such member.
        """
        return field_of(self.btf, self.place(struct, path))

    def has_field(self, struct: str, path: str) -> bool:
        """Whether `field` has an answer."""
        return len(self._places(struct, path)) == 1

    def place(self, struct: str, path: str) -> Place:
        """As `field`, with the member's type. Raises as `field` does."""
        places = self._places(struct, path)
        if len(places) == 1:
            return places[0]
        if places:
            raise UnknownName(
                f"{struct}.{path}",
                f"kernel {self.release} has {len(places)} different types {struct!r},"
                f" which do not agree on where {path!r} is",
            )
        if not (found := self.compounds(struct)):
            raise self._unknown("has no type", struct, self._type_names(Kind.STRUCT, Kind.UNION))
        wanted, holders = self._first_missing(found, path)
        names = [name for one in holders for name in member_names(self.btf, one)]
        near = did_you_mean(wanted, _likeliest(wanted, names))
        raise UnknownName(
            f"{struct}.{path}", f"kernel {self.release}: {struct} has no field {path!r}{near}"
        )

    def size_of(self, struct: str) -> int:
        """The size of a type in bytes. Raises UnknownName where there is none of this name."""
        for number in self.types_named(struct):
            if self.btf.head(number)[0] not in (Kind.FWD, Kind.FUNC, Kind.VAR, Kind.DATASEC):
                return self.btf.size(number)
        kinds = (Kind.STRUCT, Kind.UNION, Kind.TYPEDEF, Kind.INT)
        raise self._unknown("has no type", struct, self._type_names(*kinds))

    def enumerator(self, enum: str, name: str) -> int:
        """The value of a name of an enum; of any enum where `enum` is empty (it has no name).

        Raises:
          UnknownName: the kernel has no such enum, or that no such name.
        """
        named = self._constants(enum, name)
        if len(named) == 1:
            return named.pop()
        if named:
            values = ", ".join(map(str, sorted(named)))
            raise UnknownName(
                name, f"kernel {self.release} has several enumerators {name!r}: {values}"
            )
        enums = self.enums(enum) if enum else []
        if enum and not enums:
            raise self._unknown("has no enum", enum, self._type_names(*ENUMS))
        known = [label for one in enums for label, _ in one.values]
        raise self._unknown("has no enumerator", name, known)

    def has_enumerator(self, enum: str, name: str) -> bool:
        """Whether `enumerator` has an answer."""
        return len(self._constants(enum, name)) == 1

    def types_named(self, name: str) -> Iterator[int]:
        """Numbers of types, functions and variables of this name, of any kind."""
        for number in indexing.matches(self._index.type_sums, self._index.types, name):
            if self.btf.head(number)[1] == name:
                yield number

    def enums_with(self, name: str) -> Iterator[int]:
        """Numbers of the enums that may have an enumerator of this name."""
        return indexing.matches(self._index.constant_sums, self._index.constants, name)

    def compounds(self, name: str) -> list[BtfType]:
        """Structs and unions of this name, behind typedefs of it too."""
        found = {}
        for number in self.types_named(name):
            if self.btf.head(number)[0] in COMPOUND | {Kind.TYPEDEF}:
                one = self.btf.resolve(number)
                if one.kind in COMPOUND:
                    found[one.number] = one
        return list(found.values())

    def symbols_named(self, name: str) -> list[Symbol]:
        """All symbols of this name: static ones may have several places."""
        numbers = indexing.matches(self._index.symbol_sums, self._index.symbols, name)
        return [one for one in map(self.symbols.__getitem__, numbers) if one.name == name]

    def _symbol(self, name: str) -> Symbol:
        found = self._candidates(name)
        if len(found) == 1:
            return found[0]
        if found:
            places = ", ".join(f"{one.address:#x}" for one in found[:8])
            raise UnknownName(
                name, f"kernel {self.release} has {len(found)} static symbols {name!r}: {places}"
            )
        if not len(self.symbols):
            raise UnknownName(
                name,
                f"kernel {self.release} has no symbol {name!r}: its file has no .symtab at all",
            )
        known = (self.symbols[number].name for number in self.symbols.defined())
        raise self._unknown("has no symbol", name, known)

    def _candidates(self, name: str) -> list[Symbol]:
        """One for each place, or the global one alone."""
        found = {one.address: one for one in self.symbols_named(name)}
        everywhere = [one for one in found.values() if one.is_global]
        return everywhere if len(everywhere) == 1 else list(found.values())

    def _places(self, struct: str, path: str) -> list[Place]:
        """One for each answer that types of this name give."""
        steps = steps_of(path)
        if steps is None or self._btf is None:
            return []
        found: dict[Field, Place] = {}
        for one in self.compounds(struct):
            place = place_of(self.btf, one.number, steps)
            if place is not None:
                found.setdefault(field_of(self.btf, place), place)
        return list(found.values())

    def _first_missing(self, holders: list[BtfType], path: str) -> tuple[str, list[BtfType]]:
        """The step of a path that leads nowhere, and the structs that should have it."""
        steps = steps_of(path) or [path]
        for at, step in enumerate(steps):
            places = [place_of(self.btf, one.number, [step]) for one in holders]
            inner = [self.btf.resolve(place.type) for place in places if place is not None]
            if not inner or at + 1 == len(steps):
                return str(step), holders
            holders = inner
        return path, holders

    def enums(self, name: str) -> list[BtfType]:
        """Enums of this name, behind typedefs of it too."""
        found = {}
        for number in self.types_named(name):
            if self.btf.head(number)[0] in ENUMS | {Kind.TYPEDEF}:
                one = self.btf.resolve(number)
                if one.kind in ENUMS:
                    found[one.number] = one
        return list(found.values())

    def _constants(self, enum: str, name: str) -> set[int]:
        if enum:
            enums = self.enums(enum)
        else:
            enums = [self.btf.type(number) for number in self.enums_with(name)]
        return {value for one in enums for label, value in one.values if label == name}

    def _type_names(self, *kinds: Kind) -> Iterator[str]:
        for number in self.btf.numbers():
            kind, name = self.btf.head(number)
            if kind in kinds and name:
                yield name

    def _unknown(self, lacks: str, name: str, known: Iterable[str]) -> UnknownName:
        near = did_you_mean(name, _likeliest(name, known))
        return UnknownName(name, f"kernel {self.release} {lacks} {name!r}{near}")


def _likeliest(name: str, known: Iterable[str]) -> list[str]:
    """Those that are worth a look letter by letter: parts in common, or a beginning."""
    parts = set(name.split("_"))

    def likeness(other: str) -> tuple[float, int, str]:
        theirs = set(other.split("_"))
        same = len(parts & theirs) / len(parts | theirs)
        ahead = next((i for i, (a, b) in enumerate(zip(name, other, strict=False)) if a != b), 99)
        return same + min(ahead, 8) / 16, -abs(len(other) - len(name)), other

    return sorted(set(known), key=likeness, reverse=True)[:_COMPARED]
