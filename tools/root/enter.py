# SPDX-License-Identifier: Apache-2.0
"""Runs a command inside the Debian root: read-only, no network, an empty environment.

    enter --root ROOT [--needs-mib N] [--ro HOST=INSIDE]... [--rw HOST=INSIDE]...
          [--mounts JSON]... [--scratch INSIDE]... [--out NAME=HOST]... [--env NAME=VALUE]...
          [--chdir INSIDE] -- COMMAND ARGUMENT...

INSIDE is absolute, and HOST=INSIDE is parted at the last `=/`.  Where INSIDE may hold that itself,
`--mounts` is another form of --ro: an object of INSIDE: HOST.
What the command leaves as /out/NAME becomes HOST, a file or a directory's content.  Nothing starts
on a machine of another architecture, with less memory than N MiB, or where the root lacks files.

Only the named paths of the host are visible. bubblewrap comes from the root and starts through the
root's own dynamic loader, so the host gives only its kernel.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence

# Tests run this file by its path: imports begin at the top of the repository, wherever it is.
sys.path.insert(0, str(pathlib.Path(__file__).absolute().parents[2]))

from tools.root import arrival, worker

_LOADER = "usr/lib64/ld-linux-x86-64.so.2"
_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_BUBBLEWRAP = "usr/bin/bwrap"
_PATH = "/usr/bin:/usr/sbin"
# The links of a merged /usr, as Debian's base-files ships them.
_MERGED = ("bin", "lib", "lib64", "sbin")
# What bubblewrap says when the kernel or its policy refuses a namespace.
_REFUSALS = (
    "No permissions to create a new namespace",
    "Creating new namespace failed",
    "setting up uid map: Permission denied",
    "loopback: Failed RTM_NEWADDR: Operation not permitted",
    "Failed to make / slave: Permission denied",
    "unshare user ns",
)
_REFUSED_HELP = """\
ktstr: {host} refused a user namespace, which build actions need to enter the Debian root.
  bubblewrap said: {words}
  Allow it, as root:
    sysctl kernel.unprivileged_userns_clone=1              (Debian's switch, where it exists)
    sysctl kernel.apparmor_restrict_unprivileged_userns=0  (Ubuntu 23.10 and later)
    sysctl user.max_user_namespaces=15000                  (hardened kernels)
  Inside a container: start it with a seccomp profile that permits unshare and mount
  (docs/hermeticity.md).
  On a worker of remote execution: in the sandbox that its runner makes, too. A farm with other
  workers keeps actions away from this one by the property ktstr-namespaces (docs/remote.md).
"""
_NOT_WHOLE_HELP = """\
ktstr: the Debian root did not arrive whole on {host}: {problem}.
  It is {root}
  On this machine: tools/bazel fetch --force --repo=@debian_root unpacks it anew.
  On a worker of remote execution: what it caches has lost bytes; empty its cache (docs/remote.md).
"""
_UNFIT_HELP = """\
ktstr: {host} cannot do this build action: it {problem}.
  On a worker of remote execution: see that it says of itself what it has (ktstr-memory and its
  platform; docs/remote.md). Nothing was built.
"""


class EnterError(Exception):
    """The root cannot be entered; the text says why and what to do."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """What is visible inside besides the root itself.

    root: the unpacked root. read_only, writable: path inside -> path on the host. chdir: where the
    command starts. environment: all of the command's environment but PATH. needs_mib: memory that
    the command takes.
    """

    root: pathlib.Path
    read_only: Mapping[str, pathlib.Path] = dataclasses.field(default_factory=dict)
    writable: Mapping[str, pathlib.Path] = dataclasses.field(default_factory=dict)
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    chdir: str = "/"
    needs_mib: int = 0


def command_line(entry: Entry, command: Sequence[str]) -> list[str]:
    """The full command that enters the root and runs `command` there."""
    root = entry.root.resolve()
    line = [str(root / _LOADER), "--library-path", str(root / _LIBRARIES), str(root / _BUBBLEWRAP)]
    line += [
        "--tmpfs",
        "/",
        "--ro-bind",
        str(root / "usr"),
        "/usr",
        "--ro-bind",
        str(root / "etc"),
        "/etc",
    ]
    for name in _MERGED:
        line += ["--symlink", f"usr/{name}", f"/{name}"]
    line += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    for inside, host in entry.read_only.items():
        line += ["--ro-bind", str(host.resolve()), inside]
    for inside, host in entry.writable.items():
        line += ["--bind", str(host.resolve()), inside]
    line += ["--unshare-net", "--unshare-pid", "--die-with-parent", "--chdir", entry.chdir]
    line += ["--clearenv", "--setenv", "PATH", _PATH]
    for name, value in entry.environment.items():
        line += ["--setenv", name, value]
    return [*line, "--", *command]


def run(entry: Entry, command: Sequence[str]) -> int:
    """Runs `command` inside; its standard streams are the caller's. Returns its exit status.

    Raises:
      EnterError: the machine will not do, the root is none or not whole, a bound path is missing,
        or namespaces are refused.
    """
    machine = worker.this_machine()
    if problem := worker.refusal(machine, entry.needs_mib):
        raise EnterError(_UNFIT_HELP.format(host=machine.name, problem=problem))
    _check(entry, machine.name)
    probe = subprocess.run(
        command_line(entry, ["/bin/true"]), text=True, capture_output=True, check=False
    )
    if probe.returncode:
        raise EnterError(_explain(probe.stderr.strip(), machine.name))
    return subprocess.run(command_line(entry, command), check=False).returncode


@contextlib.contextmanager
def scratch_directory() -> Iterator[pathlib.Path]:
    """A directory below the working directory (on disk, in Bazel's sandbox), gone afterwards."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="scratch-", dir=os.getcwd()))
    try:
        yield path
    finally:
        shutil.rmtree(path)


def collect(out: pathlib.Path, wanted: Mapping[str, pathlib.Path]) -> None:
    """Moves what a command left in `out` to where it is wanted: name -> file or directory.

    Raises:
      EnterError: a wanted name is not there.
    """
    for name, target in wanted.items():
        source = out / name
        if not source.exists():
            left = ", ".join(sorted(p.name for p in out.iterdir())) or "nothing"
            raise EnterError(
                f"ktstr: the command succeeded and left no /out/{name}; it left {left}"
            )
        if target.is_dir():
            for child in source.iterdir():
                shutil.move(child, target / child.name)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(source, target)


def _check(entry: Entry, machine: str) -> None:
    for needed in (_BUBBLEWRAP, _LOADER):
        if not (entry.root / needed).exists():
            raise EnterError(f"ktstr: {entry.root} is not a Debian root: it has no {needed}")
    if problem := arrival.problem_of(entry.root):
        raise EnterError(_NOT_WHOLE_HELP.format(host=machine, problem=problem, root=entry.root))
    for inside, host in {**entry.read_only, **entry.writable}.items():
        if not host.exists():
            raise EnterError(f"ktstr: {host}, to be bound to {inside}, does not exist")


def _explain(words: str, host: str) -> str:
    if any(refusal in words for refusal in _REFUSALS):
        return _REFUSED_HELP.format(words=words, host=host)
    return f"ktstr: entering the Debian root failed; bubblewrap said: {words}"


def _bound(text: str) -> tuple[str, str]:
    host, separator, inside = text.rpartition("=/")
    if not separator or not host:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form HOST=/INSIDE")
    return host, f"/{inside}"


def _mounts(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no JSON: {error}") from None
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise argparse.ArgumentTypeError(f"{text!r} is no object of INSIDE: HOST")
    return found


def _pair(text: str) -> tuple[str, str]:
    left, separator, right = text.partition("=")
    if not separator:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form A=B")
    return left, right


def _main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", type=pathlib.Path, required=True)
    parser.add_argument("--ro", type=_bound, action="append", default=[], metavar="HOST=INSIDE")
    parser.add_argument("--rw", type=_bound, action="append", default=[], metavar="HOST=INSIDE")
    parser.add_argument("--mounts", type=_mounts, action="append", default=[], metavar="JSON")
    parser.add_argument("--scratch", action="append", default=[], metavar="INSIDE")
    parser.add_argument("--out", type=_pair, action="append", default=[], metavar="NAME=HOST")
    parser.add_argument("--env", type=_pair, action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--chdir", default="/")
    parser.add_argument("--needs-mib", type=int, default=0, metavar="N")
    parser.add_argument("command", nargs="+")
    args = parser.parse_args(argv)
    with contextlib.ExitStack() as stack:
        scratch = {inside: stack.enter_context(scratch_directory()) for inside in args.scratch}
        outputs = stack.enter_context(scratch_directory())
        writable = {inside: pathlib.Path(host) for host, inside in args.rw}
        bound = {inside: host for host, inside in args.ro}
        for mounts in args.mounts:
            bound |= mounts
        entry = Entry(
            root=args.root,
            read_only={inside: pathlib.Path(host) for inside, host in bound.items()},
            writable={"/out": outputs, **scratch, **writable},
            environment=dict(args.env),
            chdir=args.chdir,
            needs_mib=args.needs_mib,
        )
        try:
            status = run(entry, args.command)
            if status == 0:
                collect(outputs, {name: pathlib.Path(host) for name, host in args.out})
            return status
        except EnterError as error:
            print(error, file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
