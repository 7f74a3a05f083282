# SPDX-License-Identifier: Apache-2.0
"""Completes a kernel that somebody else has built: what kernel_image would have written beside it.

    prebuilt.py [--bzimage F] [--vmlinux F] [--config F] [--system-map F] --needed F.config
                --label LABEL --out /out

Runs inside the Debian root.  Without a vmlinux it is taken out of the bzImage; without a
configuration, out of the vmlinux (CONFIG_IKCONFIG).  Writes /out/{vmlinux,System.map,config,
vmlinux.h,release,build_info.json}.  bzImage: Documentation/arch/x86/boot.rst of the kernel.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import zlib

# The root's Python starts isolated: imports begin at the top of the repository, wherever it is.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from tools.kernel.config import ConfigError, parse_config, parse_fragment

_SECTOR = 512
_SETUP_SECTS, _MAGIC, _PAYLOAD = 0x1F1, 0x202, 0x248
_ELF = b"\x7fELF"
_BANNER = re.compile(rb"Linux version (\S+) \(")

# Magic of the payload -> the program that unpacks it, and whether the kernel's build has put the
# unpacked size, four bytes, behind it.
_FORMATS = {
    b"\x1f\x8b": (["gzip", "-dc"], False),
    b"\xfd7zXZ\x00": (["xz", "-dc"], True),
    b"BZh": (["bzip2", "-dc"], True),
    b"\x5d\x00\x00": (["xz", "--format=lzma", "-dc"], True),
    b"\x02!L\x18": (["lz4", "-dc"], True),
    b"\x28\xb5\x2f\xfd": (["zstd", "-dc"], True),
}


class PrebuiltError(Exception):
    """The files are no kernel that a guest can run; the text says which lacks what."""


def unpack_bzimage(image: bytes) -> bytes:
    """The vmlinux inside a bzImage.

    Raises:
      PrebuiltError: it is no bzImage of boot protocol 2.08 or later, or cannot be unpacked.
    """
    if image[_MAGIC : _MAGIC + 4] != b"HdrS" or len(image) < _PAYLOAD + 8:
        raise PrebuiltError("bzimage is no x86 bzImage: it has no boot header")
    offset, length = struct.unpack_from("<II", image, _PAYLOAD)
    begin = ((image[_SETUP_SECTS] or 4) + 1) * _SECTOR + offset
    payload = image[begin : begin + length]
    if len(payload) < length:
        raise PrebuiltError(
            f"bzimage: its payload ends at byte {begin + length}, the file at {len(image)}; a part "
            f"of it is missing"
        )
    for magic, (command, sized) in _FORMATS.items():
        if payload.startswith(magic):
            packed = payload[:-4] if sized else payload
            done = subprocess.run(command, input=packed, capture_output=True, check=False)
            if done.returncode or not done.stdout.startswith(_ELF):
                why = done.stderr.decode(errors="replace").strip() or "it is no ELF"
                raise PrebuiltError(f"bzimage: its payload does not unpack: {why}")
            return done.stdout
    raise PrebuiltError(f"bzimage: its payload is packed in an unknown way: {payload[:6].hex()}")


def embedded_config(vmlinux: bytes) -> str:
    """The .config that CONFIG_IKCONFIG has put into a vmlinux.

    Raises:
      PrebuiltError: there is none.
    """
    begin = vmlinux.find(b"IKCFG_ST\x1f\x8b")
    if begin < 0:
        raise PrebuiltError(
            "config is not given, and the kernel has none inside (CONFIG_IKCONFIG is not set); "
            "give its .config"
        )
    text = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(vmlinux[begin + 8 :])
    return text.decode(errors="replace")


def release_of(vmlinux: bytes) -> str:
    """What `uname -r` will say.

    Raises:
      PrebuiltError: the file holds no kernel's banner.
    """
    match = _BANNER.search(vmlinux)
    if match is None:
        raise PrebuiltError('vmlinux is no kernel: it has no text "Linux version"')
    return match[1].decode()


def check_needed(name: str, needed: str, config: str) -> None:
    """Compares the configuration with what guests need.

    Raises:
      PrebuiltError: something is not set, or a module.
    """
    final = parse_config(config)
    lacks = [
        f"{line} ({line.place}), it is " + final.get(line.option, "not set")
        for line in parse_fragment(name, needed)
        if final.get(line.option, "n") != line.value
    ]
    if lacks:
        raise PrebuiltError("a guest cannot run on it; it needs:\n  " + "\n  ".join(lacks))


def complete(args: argparse.Namespace, out: pathlib.Path) -> None:
    """Writes all outputs.

    Raises:
      PrebuiltError: something is wrong with the kernel.
      ConfigError: or with the list of what is needed.
    """
    given = args.vmlinux.read_bytes() if args.vmlinux else unpack_bzimage(args.bzimage.read_bytes())
    if not given.startswith(_ELF):
        raise PrebuiltError("vmlinux is no ELF file; a bzImage goes into the attribute bzimage")
    release = release_of(given)
    config = args.config.read_text(encoding="utf-8") if args.config else embedded_config(given)
    check_needed(args.needed.name, args.needed.read_text(encoding="utf-8"), config)
    vmlinux, missing = out / "vmlinux", {}
    with tempfile.NamedTemporaryFile() as file:
        file.write(given)
        file.flush()
        _run("objcopy", "--strip-debug", file.name, vmlinux)
    symbols = (
        args.system_map.read_text(encoding="utf-8")
        if args.system_map
        else _run("nm", "-n", vmlinux)
    )
    if not symbols:
        missing["System.map"] = "vmlinux has no symbols, and system_map is not given"
    header = _types(vmlinux)
    if header.startswith("#error"):
        missing["vmlinux.h"] = "the kernel has no BTF (CONFIG_DEBUG_INFO_BTF is not set)"
    info = {
        "release": release,
        "config_sha256": hashlib.sha256(config.encode()).hexdigest(),
        "vmlinux_sha256": hashlib.sha256(vmlinux.read_bytes()).hexdigest(),
        "prebuilt": True,
        "missing": missing,
    }
    for name, text in {
        "System.map": symbols,
        "config": config,
        "vmlinux.h": header,
        "release": release + "\n",
        "build_info.json": json.dumps(info, indent=2, sort_keys=True) + "\n",
    }.items():
        (out / name).write_text(text, encoding="utf-8")


def _types(vmlinux: pathlib.Path) -> str:
    if " .BTF " not in _run("readelf", "--section-headers", "--wide", vmlinux):
        return "#error this kernel was built without CONFIG_DEBUG_INFO_BTF\n"
    return _run("bpftool", "btf", "dump", "file", vmlinux, "format", "c")


def _run(*command: str | pathlib.Path) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, check=False)
    if done.returncode:
        words = " ".join(map(str, command))
        raise PrebuiltError(f"`{words}` failed:\n{done.stderr.decode(errors='replace')}")
    return done.stdout.decode()


def _main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--label", required=True)
    for name in ("bzimage", "vmlinux", "config", "system-map"):
        parser.add_argument(f"--{name}", type=pathlib.Path)
    parser.add_argument("--needed", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args(argv)
    try:
        complete(args, args.out)
    except (PrebuiltError, ConfigError, OSError, zlib.error) as error:
        print(f"{args.label}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
